import { placeOf, toPixel, type Axis } from '../axis';
import { channels, colourScale } from '../colour';
import { edges } from '../limits';
import type { Trace } from '../plotly';
import type { Box, Pen, Pixels } from '../pen';
import { centres, rowsOf } from '../values';

/** A heat map's cells: pixels of their edges, and rows of numbers. */
export interface Cells {
  columns: number[];
  lines: number[];
  rows: ArrayLike<number | null>[];
}

export function cellsOf(trace: Trace, x: Axis, y: Axis): Cells {
  const rows = rowsOf(trace);
  const width = rows[0]?.length ?? 0;
  if (!width) return { columns: [], lines: [], rows: [] };
  const along = (axis: Axis, letter: 'x' | 'y', count: number) =>
    edges(centres(trace, letter, count).map((value) => placeOf(axis, value))).map((place) =>
      toPixel(axis, place),
    );
  return { columns: along(x, 'x', width), lines: along(y, 'y', rows.length), rows };
}

/** The limits of a heat map's colours. */
export function limitsOf(trace: Trace, rows: ArrayLike<number | null>[]): [number, number] {
  if (trace.zmin !== undefined && trace.zmax !== undefined) return [trace.zmin, trace.zmax];
  let low = Infinity;
  let high = -Infinity;
  for (const row of rows)
    for (const value of Array.from(row)) {
      if (value === null) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  return [trace.zmin ?? low, trace.zmax ?? high];
}

export function cellBox(cells: Cells, row: number, column: number): Box {
  const [x0, x1] = [cells.columns[column]!, cells.columns[column + 1]!];
  const [y0, y1] = [cells.lines[row]!, cells.lines[row + 1]!];
  return { x: Math.min(x0, x1), y: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) };
}

export function drawHeatmap(pen: Pen, trace: Trace, x: Axis, y: Axis): void {
  const cells = cellsOf(trace, x, y);
  if (!cells.rows.length) return;
  const [low, high] = limitsOf(trace, cells.rows);
  const scale = colourScale(trace.colorscale ?? 'Viridis');
  const colour = (value: number) => scale((value - low) / (high - low || 1));
  const few = cells.rows.length * (cells.columns.length - 1) <= 1500;
  // Cells of one size are pixels of one picture; uneven or few ones are drawn each by itself.
  if (few || !even(cells.columns) || !even(cells.lines)) drawCells(pen, trace, cells, colour);
  else pen.image(whole(cells), picture(cells, colour));
}

function even(places: number[]): boolean {
  const step = (places[places.length - 1]! - places[0]!) / (places.length - 1);
  return places.every((place, i) => Math.abs(place - places[0]! - i * step) < 0.5);
}

function whole(cells: Cells): Box {
  const [x0, x1] = [cells.columns[0]!, cells.columns[cells.columns.length - 1]!];
  const [y0, y1] = [cells.lines[0]!, cells.lines[cells.lines.length - 1]!];
  return { x: Math.min(x0, x1), y: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) };
}

/** Rows as a picture, the right way up for the axes. */
function picture(cells: Cells, colour: (value: number) => string): Pixels {
  const width = cells.columns.length - 1;
  const height = cells.rows.length;
  const rgba = new Uint8ClampedArray(4 * width * height);
  const upwards = cells.lines[0]! > cells.lines[height]!;
  const leftwards = cells.columns[0]! > cells.columns[width]!;
  const known = new Map<number, number[]>();
  cells.rows.forEach((row, r) => {
    const at = upwards ? height - 1 - r : r;
    for (let c = 0; c < width; c++) {
      const value = row[c] ?? null;
      if (value === null) continue; // stays transparent
      const found = known.get(value) ?? channels(colour(value));
      known.set(value, found);
      rgba.set(found, 4 * (at * width + (leftwards ? width - 1 - c : c)));
    }
  });
  return { width, height, rgba };
}

function drawCells(pen: Pen, trace: Trace, cells: Cells, colour: (value: number) => string): void {
  const paths = new Map<string, string[]>();
  // Without a gap cells overlap a little: no background shines through between them.
  const [gapX, gapY] = [trace.xgap, trace.ygap].map((gap) => (gap ? gap / 2 : -0.25)) as [number, number];
  cells.rows.forEach((row, r) => {
    for (let c = 0; c < row.length; c++) {
      const value = row[c] ?? null;
      if (value === null) continue;
      const box = cellBox(cells, r, c);
      const d = `M${(box.x + gapX).toFixed(2)},${(box.y + gapY).toFixed(2)}h${Math.max(box.width - 2 * gapX, 0.5).toFixed(2)}v${Math.max(box.height - 2 * gapY, 0.5).toFixed(2)}h${(-Math.max(box.width - 2 * gapX, 0.5)).toFixed(2)}Z`;
      const own = colour(value);
      const list = paths.get(own);
      if (list) list.push(d);
      else paths.set(own, [d]);
    }
  });
  for (const [own, list] of paths) pen.path(list.join(''), { fill: own });
}
