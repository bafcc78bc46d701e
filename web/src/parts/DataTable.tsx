import type { ReactNode } from 'react';
import { Table, TableBody, TableCell, TableHead, TableHeaderCell, TableRow } from '../app/tremor';

export interface Column<Row> {
  key: string;
  title: ReactNode;
  cell: (row: Row) => ReactNode;
  /** The key to sort by; without one the column is not sorted. */
  sort?: string;
  /** Right-aligned. */
  numeric?: boolean;
  /** More classes of its cells, e.g. to hide it on a phone. */
  className?: string;
}

interface Props<Row> {
  /** What the table is, for those who do not see it. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  id: (row: Row) => string;
  /** The sort key, "-" before it descending. */
  sorted?: string;
  onSort?: (key: string) => void;
  /** Rows that stand out. */
  marked?: (row: Row) => boolean;
}

/** A click sorts descending first (the newest, the best), a second one the other way. */
export function nextSort(key: string, sorted: string | undefined): string {
  return sorted === `-${key}` ? key : `-${key}`;
}

function direction(key: string | undefined, sorted: string | undefined) {
  if (key === undefined) return undefined;
  if (sorted === key) return 'ascending';
  return sorted === `-${key}` ? 'descending' : 'none';
}

const ARROWS = { ascending: ' ▲', descending: ' ▼', none: '' } as const;

/** A table whose rows the server sorts and pages. */
export function DataTable<Row>(props: Props<Row>) {
  const { caption, columns, rows, id, sorted, onSort, marked } = props;
  return (
    <Table className="relative -mx-1 px-1">
      <caption className="unseen">{caption}</caption>
      <TableHead>
        <TableRow className="border-b border-line">
          {columns.map((column) => {
            const way = direction(column.sort, sorted);
            const { sort } = column;
            return (
              <TableHeaderCell
                key={column.key}
                scope="col"
                aria-sort={way}
                className={`px-2 py-2 align-bottom text-soft ${column.numeric ? 'text-right' : ''} ${column.className ?? ''}`}
              >
                {sort !== undefined && onSort ? (
                  <button
                    type="button"
                    className="font-semibold hover:text-ink"
                    onClick={() => onSort(nextSort(sort, sorted))}
                  >
                    {column.title}
                    <span aria-hidden>{ARROWS[way ?? 'none']}</span>
                  </button>
                ) : (
                  column.title
                )}
              </TableHeaderCell>
            );
          })}
        </TableRow>
      </TableHead>
      <TableBody className="divide-grid text-ink">
        {rows.map((row) => (
          <TableRow key={id(row)} className={marked?.(row) ? 'bg-page' : 'hover:bg-page'}>
            {columns.map((column) => (
              <TableCell
                key={column.key}
                className={`px-2 py-1.5 align-top ${column.numeric ? 'text-right' : ''} ${column.className ?? ''}`}
              >
                {column.cell(row)}
              </TableCell>
            ))}
          </TableRow>
        ))}
      </TableBody>
    </Table>
  );
}
