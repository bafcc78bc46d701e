import { placeOf, type Axis, type Range } from "./axis";
import { barBoxes } from "./marks/bars";
import type { Cell, ErrorBars, Layout, Trace } from "./plotly";
import { centres, rowsOf } from "./values";

type Side = Pick<Axis, "letter" | "kind" | "categories" | "layout">;

/** Extremes of what stands on an axis, and how much room it wants beside them. */
class Extent {
  low = Infinity;
  high = -Infinity;
  padded = false;
  /** Half of the largest marker [px]. */
  reach = 0;

  add(place: number): void {
    if (!Number.isFinite(place)) return;
    this.low = Math.min(this.low, place);
    this.high = Math.max(this.high, place);
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
    if (trace.type === "heatmap") addHeatmap(extent, side, trace);
    else if (trace.type === "bar") addBars(extent, side, trace, traces, layout);
    else addScatter(extent, side, trace);
  }
  if (side.kind === "category" && extent.low > extent.high) {
    extent.low = -0.5;
    extent.high = side.categories.length - 0.5;
  }
  const [low, high] = roomy(extent, side, length);
  return side.layout.autorange === "reversed" ? [high, low] : [low, high];
}

function roomy(extent: Extent, side: Side, length: number): Range {
  let { low, high } = extent;
  if (low > high) return side.kind === "log" ? [0, 1] : [-1, 1];
  const zero = side.layout.rangemode === "tozero" && side.kind === "linear";
  if (zero) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  if (high - low < 1e-12 * Math.max(Math.abs(low), 1e-300)) [low, high] = [low - 1, high + 1];
  const pixels = Math.min(extent.reach / Math.max(length - 2 * extent.reach, 1), 0.3);
  const room = (high - low) * Math.max(extent.padded ? 0.055 : 0, pixels);
  // An end at zero stays there.
  return [zero && low === 0 ? 0 : low - room, zero && high === 0 ? 0 : high + room];
}

function addScatter(extent: Extent, side: Side, trace: Trace): void {
  const { letter } = side;
  const mode = trace.mode ?? "lines";
  const marks = mode.includes("markers") || mode.includes("text");
  const errors = letter === "x" ? trace.error_x : trace.error_y;
  const filled = trace.fill === "tozeroy";
  if (letter === "y" || marks || errors) extent.padded = true;
  if (mode.includes("markers")) {
    const size = trace.marker?.size ?? 6;
    extent.reach = Math.max(extent.reach, (Array.isArray(size) ? Math.max(...size) : size) / 2 + 2);
  }
  if (filled && letter === "y" && side.kind === "linear") extent.add(0);
  const other = trace[letter === "x" ? "y" : "x"] ?? [];
  (trace[letter] ?? []).forEach((value, i) => {
    if ((other[i] ?? null) === null) return; // half a point is none
    extent.add(placeOf(side, value));
    for (const end of errorEnds(value, errors, i)) extent.add(placeOf(side, end));
  });
}

/** Where an error bar ends, below and above. */
export function errorEnds(value: Cell, errors: ErrorBars | undefined, i: number): number[] {
  const up = errors?.array?.[i] ?? null;
  if (typeof value !== "number" || up === null) return [];
  const down = errors?.arrayminus?.[i] ?? up;
  return [value - down, value + up];
}

function addBars(extent: Extent, side: Side, trace: Trace, traces: Trace[], layout: Layout): void {
  const along = trace.orientation === "h" ? "y" : "x";
  if (side.letter !== along) extent.padded = true;
  for (const bar of barBoxes(trace, traces, layout, side)) {
    const [from, to] = side.letter === along ? bar.across : bar.along;
    extent.add(from);
    extent.add(to);
  }
}

function addHeatmap(extent: Extent, side: Side, trace: Trace): void {
  const rows = rowsOf(trace);
  const count = side.letter === "y" ? rows.length : (rows[0]?.length ?? 0);
  if (!count) return;
  const places = centres(trace, side.letter, count).map((value) => placeOf(side, value));
  for (const edge of edges(places)) extent.add(edge);
}

