import { axisId } from './plan';
import { titleText, axesOf, type Cell, type FigureDict, type Trace } from './plotly';
import { plainText } from './richText';
import { centres, rowsOf } from './values';

const COLUMNS = [
  'series',
  'x',
  'y',
  'z',
  'x_minus',
  'x_plus',
  'y_minus',
  'y_plus',
  'base',
  'text',
  'planet',
] as const;
type Key = (typeof COLUMNS)[number];
type Row = Partial<Record<Key, Cell | undefined>>;

/** The data behind a figure: a row a point or cell, columns that nothing fills left out. */
export interface DataRows {
  heads: string[];
  rows: Cell[][];
}

export function dataRows(figure: FigureDict): DataRows {
  const rows = figure.data.flatMap((trace, i) =>
    trace.type === 'heatmap' ? cellRows(trace, i) : pointRows(trace, i),
  );
  const used = COLUMNS.filter((key) => rows.some((row) => (row[key] ?? null) !== null));
  return {
    heads: used.map((key) => head(figure, key)),
    rows: rows.map((row) => used.map((key) => row[key] ?? null)),
  };
}

/** x and y by their axes' titles, where all traces share them. */
function head(figure: FigureDict, key: Key): string {
  if (key !== 'x' && key !== 'y') return key;
  const layouts = axesOf(figure.layout);
  const titles = new Set(
    figure.data.map((trace) => plainText(titleText(layouts.get(axisId(trace, key))?.title))),
  );
  const [only = ''] = titles;
  return titles.size === 1 && only ? only : key;
}

function seriesName(trace: Trace, index: number): string {
  const name = trace.name === '' ? undefined : trace.name;
  return name ?? trace.legendgroup ?? trace.meta ?? `series ${index + 1}`;
}

function planet(trace: Trace, index: number): Cell {
  const found: unknown = trace.customdata?.[index];
  const id: unknown = Array.isArray(found) ? found[0] : found;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

function pointRows(trace: Trace, index: number): Row[] {
  const count = Math.min(trace.x?.length ?? 0, trace.y?.length ?? 0);
  return Array.from({ length: count }, (_, i): Row => {
    const text = trace.text?.[i] ?? trace.hovertext?.[i];
    return {
      series: seriesName(trace, index),
      x: trace.x?.[i],
      y: trace.y?.[i],
      x_minus: trace.error_x?.arrayminus?.[i] ?? trace.error_x?.array?.[i],
      x_plus: trace.error_x?.array?.[i],
      y_minus: trace.error_y?.arrayminus?.[i] ?? trace.error_y?.array?.[i],
      y_plus: trace.error_y?.array?.[i],
      base: trace.base?.[i],
      text: typeof text === 'string' ? plainText(text, '; ') : null,
      planet: planet(trace, i),
    };
  }).filter((row) => (row.x ?? null) !== null && (row.y ?? null) !== null); // gaps of a line
}

function cellRows(trace: Trace, index: number): Row[] {
  const rows = rowsOf(trace);
  const ys = centres(trace, 'y', rows.length);
  const texts = trace.text as (string | null)[][] | undefined;
  return rows.flatMap((row, r) => {
    const xs = centres(trace, 'x', row.length);
    return Array.from({ length: row.length }, (_, c): Row => ({
      series: seriesName(trace, index),
      x: xs[c],
      y: ys[r],
      z: row[c] ?? null,
      text: texts?.[r]?.[c],
    })).filter((one) => one.z !== null);
  });
}

function cell(value: Cell): string {
  if (value === null) return '';
  const text = String(value);
  // A text that a spreadsheet would take for a formula is kept from it by an apostrophe.
  const safe = typeof value === 'string' && /^[=+@\t\r]|^-\D/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function csvFile(figure: FigureDict): string {
  const { heads, rows } = dataRows(figure);
  return `${[heads, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}
