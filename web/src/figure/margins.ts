import { textWidth } from './measure';
import { titleText, type FigureDict } from './plotly';
import type { Side } from './plan';

export interface Margins {
  l: number;
  r: number;
  t: number;
  b: number;
}

export const TICK_SIZE = 12;
export const TITLE_SIZE = 12.5;
/** Degrees that crowded categories are turned by. */
export const TURN = 35;

/** The layout's margins, more where labels would not fit, less where Plotly's legend stood. */
export function measuredMargins(figure: FigureDict, sides: Side[], width: number): Margins {
  const given = { l: 64, r: 16, t: 54, b: 46, ...figure.layout.margin };
  const left = sides.filter((s) => s.letter === 'y' && (s.layout.anchor ?? 'x') === leftmost(sides));
  const labels = Math.max(0, ...left.map((side) => labelWidth(side)));
  const title = left.some((side) => titleText(side.layout.title)) ? 24 : 0;
  const l = Math.max(Math.min(given.l, Math.max(0.32 * width, 52)), labels ? labels + title + 12 : 0);
  const turned = Math.max(0, ...sides.map((side) => turnedDepth(side, width - l - given.r)));
  const r = hasBarAtRight(figure) ? Math.max(given.r, BAR_ROOM) : given.r;
  return { l, r, t: top(figure, given.t), b: given.b + turned };
}

/** Room of a colour bar at the right [px]. */
const BAR_ROOM = 76;

function hasBarAtRight({ data }: FigureDict): boolean {
  const shown = data.filter((trace) => trace.type !== 'heatmap' || trace.showscale !== false);
  return shown.some((trace) =>
    [trace.colorbar, trace.marker?.colorbar].some((bar) => bar && bar.orientation !== 'h'),
  );
}

function leftmost(sides: Side[]): string {
  const xs = sides.filter((side) => side.letter === 'x');
  return xs.sort((a, b) => (a.layout.domain?.[0] ?? 0) - (b.layout.domain?.[0] ?? 0))[0]?.id ?? 'x';
}

/** Width of labels that are known before a range is: texts. */
function labelWidth(side: Side): number {
  if (side.layout.showticklabels === false) return 0;
  const texts = side.layout.ticktext ?? (side.kind === 'category' ? side.categories : []);
  const size = side.layout.tickfont?.size ?? TICK_SIZE;
  return Math.max(0, ...texts.map((text) => textWidth(text, size)));
}

/** Whether categories along x are turned: the layout says so, or they would touch. */
export function areTurned(
  side: Pick<Side, 'letter' | 'kind' | 'categories' | 'layout'>,
  length: number,
): boolean {
  if (side.letter !== 'x' || side.kind !== 'category' || side.layout.tickangle === 0) return false;
  if (side.layout.tickangle) return true;
  const size = side.layout.tickfont?.size ?? TICK_SIZE;
  const widest = Math.max(0, ...side.categories.map((text) => textWidth(text, size)));
  return widest + 6 > length / Math.max(side.categories.length, 1);
}

function turnedDepth(side: Side, length: number): number {
  const [from, to] = side.layout.domain ?? [0, 1];
  // Where the layout itself turns them, its margin has their room.
  if (side.layout.tickangle || !areTurned(side, length * (to - from))) return 0;
  const widest = Math.max(...side.categories.map((text) => textWidth(text, TICK_SIZE)));
  return widest * Math.sin((TURN * Math.PI) / 180);
}

/** What stands above the axes needs the layout's room, a legend does not: it is drawn beside. */
function top(figure: FigureDict, given: number): number {
  const { layout, data } = figure;
  const above = (layout.annotations ?? []).some(
    (one) => one.y >= 0.99 && one.yref === 'paper' && !one.textangle,
  );
  const bars = data.some(
    (trace) =>
      trace.colorbar &&
      trace.showscale !== false &&
      trace.colorbar.orientation === 'h' &&
      (trace.colorbar.y ?? 0) >= 1,
  );
  if (bars) return given;
  return above ? Math.max(given - 10, 24) : Math.min(given, 14);
}
