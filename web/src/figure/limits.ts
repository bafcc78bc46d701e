import { placeOf, type Axis, type Range } from './axis';
import { barBoxes } from './marks/bars';
import type { Cell, ErrorBars, Layout, Shape, Trace } from './plotly';
import { centres, rowsOf } from './values';

type Side = Pick<Axis, 'id' | 'letter' | 'kind' | 'categories' | 'layout'>;

/** Extremes of what stands on an axis, and how much room it wants beside them. */
class Extent {
  /** Of what may touch the edge, and of what wants room. */
  private readonly tight = [Infinity, -Infinity] as [number, number];
  private readonly airy = [Infinity, -Infinity] as [number, number];
  /** Half of the largest marker [px]. */
  reach = 0;

  add(place: number, padded = false): void {
    if (!Number.isFinite(place)) return;
    const ends = padded ? this.airy : this.tight;
    ends[0] = Math.min(ends[0], place);
    ends[1] = Math.max(ends[1], place);
  }

  get low(): number {
    return Math.min(this.tight[0], this.airy[0]);
  }

  get high(): number {
    return Math.max(this.tight[1], this.airy[1]);
  }

  /** Its ends with room beside what wants it. */
  with(room: number): Range {
    return [Math.min(this.tight[0], this.airy[0] - room), Math.max(this.tight[1], this.airy[1] + room)];
  }
}

/** Centres as edges: halfway between neighbours, the outer ones as far out as in. */
export function edges(places: number[]): number[] {
  if (places.length === 1) return [places[0]! - 0.5, places[0]! + 0.5];
  const inner = places.slice(1).map((place, i) => (place + places[i]!) / 2);
  const last = places.length - 1;
  return [2 * places[0]! - inner[0]!, ...inner, 2 * places[last]! - inner[last - 1]!];
}

/** The range of an axis that its layout does not give, after Plotly's own rules. */
export function autoRange(side: Side, traces: Trace[], layout: Layout, length: number): Range {
  const extent = new Extent();
  for (const trace of traces) {
    if (trace.type === 'heatmap') addHeatmap(extent, side, trace);
    else if (trace.type === 'bar') addBars(extent, side, trace, traces, layout);
    else addScatter(extent, side, trace);
  }
  for (const shape of layout.shapes ?? []) addShape(extent, side, shape);
  if (side.kind === 'category' && extent.low > extent.high) {
    extent.add(-0.5);
    extent.add(side.categories.length - 0.5);
  }
  const [low, high] = roomy(extent, side, length);
  return side.layout.autorange === 'reversed' ? [high, low] : [low, high];
}

function roomy(extent: Extent, side: Side, length: number): Range {
  if (extent.low > extent.high) return side.kind === 'log' ? [0, 1] : [-1, 1];
  if (side.layout.rangemode === 'tozero' && side.kind === 'linear') extent.add(0);
  const wide = extent.high - extent.low;
  if (wide < 1e-12 * Math.max(Math.abs(extent.low), 1e-300)) return [extent.low - 1, extent.high + 1];
  const pixels = Math.min(extent.reach / Math.max(length - 2 * extent.reach, 1), 0.3);
  const [low, high] = extent.with(wide * Math.max(0.055, pixels));
  // An axis that begins at zero begins there, whatever room its marks want.
  const zero = side.layout.rangemode === 'tozero' && side.kind === 'linear';
  return [zero && extent.low === 0 ? 0 : low, zero && extent.high === 0 ? 0 : high];
}

function addScatter(extent: Extent, side: Side, trace: Trace): void {
  const { letter } = side;
  const mode = trace.mode ?? 'lines';
  const marks = mode.includes('markers') || mode.includes('text');
  const errors = letter === 'x' ? trace.error_x : trace.error_y;
  const filled = trace.fill === 'tozeroy';
  const padded = letter === 'y' || marks || errors !== undefined;
  if (mode.includes('markers')) {
    const size = trace.marker?.size ?? 6;
    extent.reach = Math.max(extent.reach, (Array.isArray(size) ? Math.max(...size) : size) / 2 + 2);
  }
  if (filled && letter === 'y' && side.kind === 'linear') extent.add(0);
  const other = trace[letter === 'x' ? 'y' : 'x'] ?? [];
  (trace[letter] ?? []).forEach((value, i) => {
    if ((other[i] ?? null) === null) return; // half a point is none
    extent.add(placeOf(side, value), padded);
    for (const end of errorEnds(value, errors, i)) extent.add(placeOf(side, end), padded);
  });
}

/** Where an error bar ends, below and above. */
export function errorEnds(value: Cell, errors: ErrorBars | undefined, i: number): number[] {
  const up = errors?.array?.[i] ?? null;
  if (typeof value !== 'number' || up === null) return [];
  const down = errors?.arrayminus?.[i] ?? up;
  return [value - down, value + up];
}

function addBars(extent: Extent, side: Side, trace: Trace, traces: Trace[], layout: Layout): void {
  const along = trace.orientation === 'h' ? 'y' : 'x';
  const bars = barBoxes(trace, traces, layout, side);
  const ends = bars.flatMap((bar) => (side.letter === along ? bar.across : bar.along));
  for (const end of ends) extent.add(end);
  if (side.letter === along) return;
  // Bars want room beyond their ends, not below their feet on the axis.
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  if (low < 0) extent.add(low, true);
  if (high > 0) extent.add(high, true);
}

function addShape(extent: Extent, side: Side, shape: Shape): void {
  const [ref, ends] =
    side.letter === 'x' ? [shape.xref, [shape.x0, shape.x1]] : [shape.yref, [shape.y0, shape.y1]];
  if ((ref ?? side.letter) !== side.id) return;
  for (const end of ends) extent.add(side.kind === 'category' ? end : placeOf(side, end));
}

function addHeatmap(extent: Extent, side: Side, trace: Trace): void {
  const rows = rowsOf(trace);
  const count = side.letter === 'y' ? rows.length : (rows[0]?.length ?? 0);
  if (!count) return;
  const places = centres(trace, side.letter, count).map((value) => placeOf(side, value));
  for (const edge of edges(places)) extent.add(edge);
}
