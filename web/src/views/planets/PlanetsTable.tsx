import { Link } from 'wouter';

import { to } from '../../app/address';
import { number, percent } from '../../app/format';
import type { PlanetRow } from '../../app/types';
import { type Column, DataTable } from '../../parts/DataTable';

interface Props {
  folder: string;
  rows: readonly PlanetRow[];
  sort: string;
  onSort: (key: string) => void;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function columns(folder: string, sort: string): Column<PlanetRow>[] {
  return [
    {
      key: 'planet',
      title: 'planet',
      sort: 'planet_id',
      cell: (row) => (
        <Link href={`${to.planet(folder, row.planet_id)}?sort=${encodeURIComponent(sort)}`}>
          {row.planet_id}
        </Link>
      ),
    },
    { key: 'score', title: 'score', sort: 'score', numeric: true, cell: (row) => number(row.score) },
    { key: 'sigma', title: 'σ [ppm]', sort: 'sigma_ppm', numeric: true, cell: (row) => whole(row.sigma_ppm) },
    {
      key: 'depth',
      title: 'depth [ppm]',
      sort: 'depth_ppm',
      numeric: true,
      cell: (row) => whole(row.depth_ppm),
    },
    {
      key: 'violation',
      title: 'violation',
      sort: 'violation',
      numeric: true,
      cell: (row) => percent(row.violation),
    },
    {
      key: 'visits',
      title: 'visits',
      numeric: true,
      className: 'hidden sm:table-cell',
      cell: (row) => row.visits,
    },
    {
      key: 'doubt',
      title: 'doubted',
      sort: 'doubt',
      className: 'whitespace-normal',
      cell: (row) => row.doubt || '–',
    },
  ];
}

export function PlanetsTable({ folder, rows, sort, onSort }: Props) {
  return (
    <DataTable
      caption="Planets of the prediction"
      columns={columns(folder, sort)}
      rows={rows}
      id={(row) => row.planet_id}
      sorted={sort}
      onSort={onSort}
    />
  );
}
