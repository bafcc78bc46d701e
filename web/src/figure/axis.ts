import type { AxisLayout, Cell } from './plotly';

export type Kind = 'linear' | 'log' | 'category';
export type Range = [number, number];

/** An axis in place. Its own numbers are those of Plotly's ranges: log10 of values, places of categories. */
export interface Axis {
  id: string;
  letter: 'x' | 'y';
  kind: Kind;
  layout: AxisLayout;
  categories: string[];
  range: Range;
  /** Pixels of range[0] and range[1]. */
  pixels: Range;
}

/** A value in the axis's numbers; NaN where it has no place on it. */
export function placeOf(axis: Pick<Axis, 'kind' | 'categories'>, value: Cell | undefined): number {
  if (value === null || value === undefined) return NaN;
  if (axis.kind === 'category') {
    const found = axis.categories.indexOf(String(value));
    return found >= 0 ? found : typeof value === 'number' ? value : NaN;
  }
  const number = Number(value);
  if (axis.kind === 'log') return number > 0 ? Math.log10(number) : NaN;
  return number;
}

/** What stands at a place. */
export function valueAt(axis: Axis, place: number): Cell {
  if (axis.kind === 'category') return axis.categories[Math.round(place)] ?? null;
  return axis.kind === 'log' ? 10 ** place : place;
}

export function toPixel(axis: Axis, place: number): number {
  const [from, to] = axis.range;
  const [start, end] = axis.pixels;
  return start + ((place - from) / (to - from)) * (end - start);
}

export function fromPixel(axis: Axis, pixel: number): number {
  const [from, to] = axis.range;
  const [start, end] = axis.pixels;
  return from + ((pixel - start) / (end - start)) * (to - from);
}

/** A value's pixel. */
export function pixelOf(axis: Axis, value: Cell | undefined): number {
  return toPixel(axis, placeOf(axis, value));
}

export function isWithin(axis: Axis, place: number): boolean {
  const low = Math.min(...axis.range);
  const high = Math.max(...axis.range);
  const slack = (high - low) * 1e-9;
  return place >= low - slack && place <= high + slack;
}

/** Pixels from the lower to the higher. */
export function span(axis: Axis): Range {
  return [Math.min(...axis.pixels), Math.max(...axis.pixels)];
}

/** The kind of an axis and its categories: as its layout says, or texts that are no numbers. */
export function kindOf(layout: AxisLayout, values: Cell[][]): Pick<Axis, 'kind' | 'categories'> {
  if (layout.type === 'log') return { kind: 'log', categories: [] };
  const told = layout.type === 'category';
  const texts = values.some((list) => list.some((v) => typeof v === 'string' && !Number.isFinite(Number(v))));
  if (!told && !texts) return { kind: 'linear', categories: [] };
  const seen = new Set(layout.categoryarray ?? []);
  for (const list of values) for (const v of list) if (v !== null) seen.add(String(v));
  return { kind: 'category', categories: [...seen] };
}
