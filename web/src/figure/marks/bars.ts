import { placeOf, type Axis } from '../axis';
import type { Cell, Layout, Trace } from '../plotly';
import { each } from '../values';

type Side = Pick<Axis, 'kind' | 'categories'>;

/** One bar in the axes' numbers: where it stands, and from its foot to its end. */
export interface Bar {
  index: number;
  across: [number, number];
  along: [number, number];
}

const GAP = 0.2;

/** Bars of a trace among those that share its axes: stacked with barmode "relative", else side by
 * side where two stand at one place.
 *
 * @param side the axis that the bars stand on (categories need it); their values are linear. */
export function barBoxes(trace: Trace, traces: Trace[], layout: Layout, side: Side): Bar[] {
  const fellows = traces.filter((other) => other.type === 'bar' && sameAxes(other, trace));
  const places = new Map(fellows.map((one) => [one, positions(one).map((v) => stand(side, one, v))]));
  const widest = defaultWidth([...places.values()].flat()) * (1 - (layout.bargap ?? GAP));
  const stacked = layout.barmode === 'relative';
  const shared = !stacked && overlapping([...places.values()]);
  const number = fellows.indexOf(trace);
  return (places.get(trace) ?? []).flatMap((place, index) => {
    const height = heights(trace)[index];
    if (!Number.isFinite(place) || typeof height !== 'number') return [];
    const whole = each(trace.width, index) ?? widest;
    const width = shared ? whole / fellows.length : whole;
    const left = place - whole / 2 + (shared ? number * width : 0);
    const foot = stacked
      ? below(fellows.slice(0, number), places, place, height)
      : (trace.base?.[index] ?? 0);
    return [{ index, across: [left, left + width], along: [foot, foot + height] }];
  });
}

function sameAxes(one: Trace, other: Trace): boolean {
  return (one.xaxis ?? 'x') === (other.xaxis ?? 'x') && (one.yaxis ?? 'y') === (other.yaxis ?? 'y');
}

export function positions(trace: Trace): Cell[] {
  return (trace.orientation === 'h' ? trace.y : trace.x) ?? [];
}

export function heights(trace: Trace): Cell[] {
  return (trace.orientation === 'h' ? trace.x : trace.y) ?? [];
}

/** Texts stand at their category; without categories (the value axis asks) in the order they come. */
function stand(side: Side, trace: Trace, value: Cell): number {
  const place = placeOf(side, value);
  return Number.isNaN(place) && typeof value === 'string' ? positions(trace).indexOf(value) : place;
}

function defaultWidth(places: number[]): number {
  const sorted = [...new Set(places.filter(Number.isFinite))].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((place, i) => place - sorted[i]!);
  return gaps.length ? Math.min(...gaps) : 1;
}

function overlapping(lists: number[][]): boolean {
  const all = lists.flat();
  return lists.length > 1 && new Set(all).size < all.length;
}

/** How far the bars before reach at a place, on the side of a height's sign. */
function below(before: Trace[], places: Map<Trace, number[]>, place: number, height: number): number {
  let foot = 0;
  for (const one of before) {
    const found = places.get(one)?.indexOf(place) ?? -1;
    const other = found < 0 ? null : heights(one)[found];
    if (typeof other === 'number' && other < 0 === height < 0) foot += other;
  }
  return foot;
}
