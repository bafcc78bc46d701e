import { useMemo } from 'react';

import { dataRows } from './csv';
import { shown } from './format';
import type { FigureDict } from './plotly';

const MOST = 500;

/** The data behind a figure as a table; the first rows of a long one, the CSV has them all. */
export function DataView({ figure, label }: { figure: FigureDict; label: string }) {
  const { heads, rows } = useMemo(() => dataRows(figure), [figure]);
  return (
    <div
      className="mt-2 max-h-80 overflow-auto rounded-md border border-line"
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that keys can scroll it
      tabIndex={0}
      role="region"
      aria-label={`data of ${label}`}
    >
      <table className="w-full text-xs">
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col" className="sticky top-0 bg-panel px-2 py-1 text-left text-soft">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map((row, i) => (
            <tr key={i} className="border-t border-grid">
              {row.map((cell, c) => (
                <td key={c} className="px-2 py-0.5">
                  {cell === null ? '' : shown(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST && (
        <p className="px-2 py-1 text-soft">
          {MOST} of {rows.length} rows; the CSV has all of them.
        </p>
      )}
    </div>
  );
}
