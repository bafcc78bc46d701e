import { quadtree } from 'd3-quadtree';

import type { Axis } from './axis';
import { filled, shown } from './format';
import { barPixels } from './marks/drawBars';
import { cellBox, cellsOf } from './marks/heatmap';
import { pixelsOf } from './marks/scatter';
import { axesFor, boxOf, type Plan } from './plan';
import type { Box } from './pen';
import { titleText, type Cell, type Trace } from './plotly';
import { plainText } from './richText';
import { centres } from './values';

/** A point that can be pointed at: where it is on the screen, and what it is. */
export interface Point {
  trace: Trace;
  /** Of a heat map: of its row. */
  index: number;
  column: number;
  x: number;
  y: number;
  box: Box | null;
}

export interface Track {
  trace: Trace;
  points: Point[];
}

const REACH = 36; // px within which a point is meant

/** All points in sight, trace by trace: what arrow keys walk through. Heat maps: row by row. */
export function tracksOf(plan: Plan): Track[] {
  return plan.traces
    .filter((trace) => trace.hoverinfo !== 'skip')
    .flatMap((trace) =>
      trace.type === 'heatmap' ? rowTracks(plan, trace) : [{ trace, points: pointsOf(plan, trace) }],
    )
    .filter((track) => track.points.length > 0);
}

function inside(box: Box, x: number, y: number, slack = 2): boolean {
  return (
    x >= box.x - slack &&
    x <= box.x + box.width + slack &&
    y >= box.y - slack &&
    y <= box.y + box.height + slack
  );
}

function pointsOf(plan: Plan, trace: Trace): Point[] {
  const { x, y } = axesFor(plan, trace);
  const pane = boxOf(x, y);
  if (trace.type === 'bar')
    return barPixels(trace, plan.traces, plan.figure.layout, x, y)
      .map(({ index, box }) => ({
        trace,
        index,
        column: 0,
        x: box.x + box.width / 2,
        y: trace.orientation === 'h' ? box.y + box.height / 2 : box.y,
        box,
      }))
      .filter((point) => inside(pane, point.x, Math.max(point.y, pane.y)));
  return pixelsOf(trace, x, y).flatMap(([px, py], index) =>
    Number.isFinite(px) && Number.isFinite(py) && inside(pane, px, py)
      ? [{ trace, index, column: 0, x: px, y: py, box: null }]
      : [],
  );
}

function rowTracks(plan: Plan, trace: Trace): Track[] {
  const { x, y } = axesFor(plan, trace);
  const pane = boxOf(x, y);
  const cells = cellsOf(trace, x, y);
  return cells.rows.map((row, index) => {
    const points: Point[] = [];
    for (let column = 0; column < row.length; column++) {
      if ((row[column] ?? null) === null) continue;
      const box = cellBox(cells, index, column);
      const point = { trace, index, column, x: box.x + box.width / 2, y: box.y + box.height / 2, box };
      if (inside(pane, point.x, point.y)) points.push(point);
    }
    return { trace, points };
  });
}

/** Finds what is pointed at. */
export type Finder = (x: number, y: number) => Point | null;

export function finderOf(tracks: Track[]): Finder {
  const all = tracks.flatMap((track) => track.points);
  const dots = quadtree<Point>()
    .x((p) => p.x)
    .y((p) => p.y)
    .addAll(all.filter((p) => !p.box));
  const boxes = all.filter((p) => p.box);
  return (x, y) => {
    const dot = dots.find(x, y, REACH) ?? null;
    if (dot && Math.hypot(dot.x - x, dot.y - y) < 10) return dot;
    return boxes.find((p) => p.box && inside(p.box, x, y, 0)) ?? dot;
  };
}

/** In layouts with hovermode "x": the points of all traces below or above the one pointed at. */
export function alongside(plan: Plan, tracks: Track[], point: Point): Point[] {
  if (plan.figure.layout.hovermode !== 'x' || point.box) return [point];
  const own = axesFor(plan, point.trace).x.id;
  const found = tracks.flatMap((track) => {
    if (axesFor(plan, track.trace).x.id !== own || track.points[0]?.box) return [];
    if (track.trace === point.trace) return [point];
    let best: Point | null = null;
    for (const one of track.points)
      if (!best || Math.abs(one.x - point.x) < Math.abs(best.x - point.x)) best = one;
    return best && Math.abs(best.x - point.x) < 4 ? [best] : [];
  });
  return found.length ? found : [point];
}

function heatCell(trace: Trace, x: Axis, y: Axis, point: Point): Record<string, Cell | undefined> {
  const cells = cellsOf(trace, x, y);
  const row = cells.rows[point.index];
  return {
    x: centres(trace, 'x', cells.columns.length - 1)[point.column],
    y: centres(trace, 'y', cells.rows.length)[point.index],
    z: row?.[point.column] ?? null,
    text: (trace.text as (string | null)[][] | undefined)?.[point.index]?.[point.column],
  };
}

function flat(value: unknown): Cell | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

/** A point in words, with Plotly's line breaks and bold; x is left out of one beside others. */
export function wordsOf(plan: Plan, point: Point, beside = false): string {
  const { trace, index } = point;
  const { x, y } = axesFor(plan, trace);
  const heat = trace.type === 'heatmap';
  const fields: Record<string, Cell | undefined> = heat
    ? heatCell(trace, x, y, point)
    : { x: trace.x?.[index], y: trace.y?.[index], text: flat(trace.text?.[index]) };
  fields.customdata = planetOf(point) ?? trace.customdata?.[index];
  fields['fullData.name'] = trace.name ?? '';
  if (trace.hovertemplate) return filled(trace.hovertemplate, fields);
  if (trace.hoverinfo === 'text') return trace.hovertext?.[index] ?? shown(fields.text);
  if (beside && !trace.hoverinfo) return `${trace.name ?? ''}: ${shown(fields.y)}`;
  const keys = trace.hoverinfo === 'name+x' ? (['x'] as const) : (['x', 'y', 'z'] as const);
  const said = [
    trace.name ?? '',
    ...keys.flatMap((key) => spelt(key, fields[key], key === 'x' ? x : y)),
  ];
  const text = trace.hoverinfo ? undefined : fields.text;
  if (typeof text === 'string') said.push(text);
  return said.filter(Boolean).join('<br>');
}

function spelt(key: string, value: Cell | undefined, axis: Axis): string[] {
  if (value === undefined) return [];
  if (key === 'z') return [shown(value)];
  const name = plainText(titleText(axis.layout.title)) || key;
  const tick = axis.layout.tickvals?.indexOf(Number(value)) ?? -1;
  return [`${name}: ${axis.layout.ticktext?.[tick] ?? shown(value)}`];
}

/** The planet that a point stands for, where its trace is of planets. */
export function planetOf(point: Point): string | null {
  if (point.trace.meta !== 'planets') return null;
  const found: unknown =
    point.trace.customdata?.[point.index] ??
    (point.trace.type === 'heatmap' ? point.trace.y?.[point.index] : null);
  const id: unknown = Array.isArray(found) ? (found[0] as unknown) : found;
  return typeof id === 'string' || typeof id === 'number' ? plainText(String(id)) : null;
}

/** Where points beside one another stand: their axis and its value. */
export function standOf(plan: Plan, { trace, index }: Point): string {
  return spelt('x', trace.x?.[index], axesFor(plan, trace).x).join('');
}
