import { autoRange } from './limits';
import { kindOf, type Axis, type Range } from './axis';
import {
  axesOf,
  titleText,
  type AxisLayout,
  type Cell,
  type FigureDict,
  type Layout,
  type Trace,
} from './plotly';
import type { Palette } from './palette';
import { measuredMargins, type Margins } from './margins';
import type { Box } from './pen';

/** Ranges chosen by zooming, by axis. */
export type View = Record<string, Range>;

/** A figure laid out for a size: what is drawn, hovered and saved is read from here. */
export interface Plan {
  figure: FigureDict;
  width: number;
  height: number;
  margins: Margins;
  /** Where "paper" is. */
  paper: Box;
  axes: Map<string, Axis>;
  /** Shown ones; hidden by the legend are left out. */
  traces: Trace[];
  palette: Palette;
}

const HEIGHT = 390;

export interface Wanted {
  width: number;
  view: View;
  isHidden: (trace: Trace) => boolean;
  palette: Palette;
}

/** Lay a figure out. */
export function planned(figure: FigureDict, wanted: Wanted): Plan {
  const { layout } = figure;
  const traces = figure.data.filter((trace) => !wanted.isHidden(trace));
  const sides = sidesOf(figure);
  const margins = measuredMargins(figure, sides, wanted.width);
  const given = { ...{ t: 54, b: 46 }, ...layout.margin };
  // The legend stands above the drawing, so that the room Plotly keeps for it is not needed.
  const height = (layout.height ?? HEIGHT) - given.t - given.b + margins.t + margins.b;
  const paper = {
    x: margins.l,
    y: margins.t,
    width: Math.max(wanted.width - margins.l - margins.r, 40),
    height: height - margins.t - margins.b,
  };
  const axes = new Map<string, Axis>();
  for (const side of sides) axes.set(side.id, placed(side, traces, layout, paper, wanted.view[side.id]));
  keepSquare(axes);
  return { figure, width: wanted.width, height, margins, paper, axes, traces, palette: wanted.palette };
}

export interface Side {
  id: string;
  letter: 'x' | 'y';
  kind: Axis['kind'];
  categories: string[];
  layout: AxisLayout;
}

function sidesOf(figure: FigureDict): Side[] {
  const layouts = axesOf(figure.layout);
  for (const trace of figure.data)
    for (const id of [trace.xaxis ?? 'x', trace.yaxis ?? 'y']) if (!layouts.has(id)) layouts.set(id, {});
  return [...layouts].map(([id, layout]) => {
    const letter = id[0] as 'x' | 'y';
    const values = figure.data.filter((t) => axisId(t, letter) === id).map((t): Cell[] => t[letter] ?? []);
    return { id, letter, layout, ...kindOf(layout, values) };
  });
}

export function axisId(trace: Trace, letter: 'x' | 'y'): string {
  return (letter === 'x' ? trace.xaxis : trace.yaxis) ?? letter;
}

function placed(side: Side, traces: Trace[], layout: Layout, paper: Box, view: Range | undefined): Axis {
  const [from, to] = side.layout.domain ?? [0, 1];
  const pixels: Range =
    side.letter === 'x'
      ? [paper.x + from * paper.width, paper.x + to * paper.width]
      : [paper.y + (1 - from) * paper.height, paper.y + (1 - to) * paper.height];
  const own = traces.filter((trace) => axisId(trace, side.letter) === side.id);
  const length = Math.abs(pixels[1] - pixels[0]);
  const range = view ?? side.layout.range ?? autoRange(side, own, layout, length);
  return { ...side, range, pixels };
}

/** One unit is as long on both axes where the layout asks for it: the longer domain is drawn in. */
function keepSquare(axes: Map<string, Axis>): void {
  for (const axis of axes.values()) {
    const other = axis.layout.scaleanchor ? axes.get(axis.layout.scaleanchor) : undefined;
    if (!other) continue;
    const unit = (one: Axis) => Math.abs((one.pixels[1] - one.pixels[0]) / (one.range[1] - one.range[0]));
    const [wide, narrow] = unit(axis) > unit(other) ? [axis, other] : [other, axis];
    const share = unit(narrow) / unit(wide);
    const middle = (wide.pixels[0] + wide.pixels[1]) / 2;
    const half = ((wide.pixels[1] - wide.pixels[0]) / 2) * share;
    wide.pixels = [middle - half, middle + half];
  }
}

/** The axes a trace is drawn on. */
export function axesFor(plan: Plan, trace: Trace): { x: Axis; y: Axis } {
  return { x: plan.axes.get(axisId(trace, 'x'))!, y: plan.axes.get(axisId(trace, 'y'))! };
}

/** The rectangle of two axes. */
export function boxOf(x: Axis, y: Axis): Box {
  const left = Math.min(...x.pixels);
  const top = Math.min(...y.pixels);
  return { x: left, y: top, width: Math.max(...x.pixels) - left, height: Math.max(...y.pixels) - top };
}

/** Rectangles that hold traces, each once. */
export function panes(plan: Plan): { x: Axis; y: Axis; box: Box }[] {
  const found = new Map<string, { x: Axis; y: Axis; box: Box }>();
  for (const trace of plan.figure.data) {
    const { x, y } = axesFor(plan, trace);
    found.set(`${x.id} ${y.id}`, { x, y, box: boxOf(x, y) });
  }
  return [...found.values()];
}

export function figureTitle(figure: FigureDict): string {
  return titleText(figure.layout.title);
}
