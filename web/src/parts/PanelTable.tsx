import { type ReactNode, useMemo, useState } from 'react';

export interface PanelCell {
  text: string;
  shown: ReactNode;
  className: string | undefined;
}

export interface PanelRow {
  className: string | undefined;
  cells: PanelCell[];
}

/** A number as tables write it: "−1,234", "12.5%". */
function number(text: string): number {
  return Number(text.replaceAll('−', '-').replaceAll(/[,%\s]/g, ''));
}

/** Two cells in order; what is not known comes last either way. */
export function compareCells(one: string, other: string, descending: boolean): number {
  if (one === '–' || other === '–') return Number(one === '–') - Number(other === '–');
  const [m, n] = [number(one), number(other)];
  const by = Number.isFinite(m) && Number.isFinite(n) ? m - n : one.localeCompare(other);
  return descending ? -by : by;
}

/** A panel's table, sorted by a column when its head is clicked. */
export function PanelTable({ heads, rows }: { heads: PanelCell[]; rows: PanelRow[] }) {
  const [sorted, setSorted] = useState<{ column: number; descending: boolean } | null>(null);
  const shown = useMemo(() => {
    if (!sorted) return rows;
    const text = (row: PanelRow) => row.cells[sorted.column]?.text ?? '–';
    return [...rows].sort((one, other) => compareCells(text(one), text(other), sorted.descending));
  }, [rows, sorted]);
  const press = (column: number) =>
    setSorted({ column, descending: sorted?.column === column && !sorted.descending });
  return (
    <table>
      <thead>
        <tr>
          {heads.map((head, column) => {
            const own = sorted?.column === column ? sorted : null;
            const way = own ? (own.descending ? 'descending' : 'ascending') : undefined;
            return (
              <th key={column} scope="col" className={head.className} aria-sort={way}>
                {rows.length > 1 ? (
                  <button type="button" onClick={() => press(column)}>
                    {head.shown}
                    {own && <span aria-hidden>{own.descending ? ' ▼' : ' ▲'}</span>}
                  </button>
                ) : (
                  head.shown
                )}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {shown.map((row, i) => (
          <tr key={i} className={row.className}>
            {row.cells.map((cell, column) => (
              <td key={column} className={cell.className}>
                {cell.shown}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
