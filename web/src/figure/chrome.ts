import { isWithin, span, toPixel, type Axis } from './axis';
import { areTurned, TICK_SIZE, TITLE_SIZE, TURN } from './margins';
import { textWidth } from './measure';
import { panes, type Plan } from './plan';
import { titleText, type Annotation } from './plotly';
import type { Box, Pen } from './pen';
import { drawShapeLabels, drawShapes, place } from './shapes';
import { ticksOf, type Tick } from './ticks';

/** What lies below the marks: shapes, grid. */
export function drawUnder(pen: Pen, plan: Plan): void {
  drawShapes(pen, plan, 'below');
  for (const { x, y, box } of panes(plan)) {
    const d: string[] = [];
    if (x.layout.showgrid !== false)
      for (const { place: at } of ticksOf(x)) d.push(`M${toPixel(x, at).toFixed(1)},${box.y}v${box.height}`);
    if (y.layout.showgrid !== false)
      for (const { place: at } of ticksOf(y)) d.push(`M${box.x},${toPixel(y, at).toFixed(1)}h${box.width}`);
    pen.path(d.join(''), { stroke: plan.palette.grid, width: 1 });
    drawZero(pen, plan, x, box);
    drawZero(pen, plan, y, box);
  }
  drawShapes(pen, plan, 'between');
}

/** A line at zero where the layout asks for one. */
function drawZero(pen: Pen, plan: Plan, axis: Axis, box: Box): void {
  if (!axis.layout.zeroline || axis.kind !== 'linear' || !isWithin(axis, 0)) return;
  const at = toPixel(axis, 0).toFixed(1);
  const d = axis.letter === 'x' ? `M${at},${box.y}v${box.height}` : `M${box.x},${at}h${box.width}`;
  pen.path(d, { stroke: plan.palette.line, width: 1.5 });
}

/** What lies above them: axes with ticks and titles, labels of shapes, annotations. */
export function drawOver(pen: Pen, plan: Plan): void {
  drawShapeLabels(pen, plan);
  for (const axis of plan.axes.values()) {
    if (axis.letter === 'x') drawX(pen, plan, axis);
    else drawY(pen, plan, axis);
  }
  for (const one of plan.figure.layout.annotations ?? []) drawAnnotation(pen, plan, one);
}

/** The axis that another stands on; its range of pixels if there is one, else the paper's. */
function footing(plan: Plan, axis: Axis): [number, number] {
  const other = plan.axes.get(axis.layout.anchor ?? (axis.letter === 'x' ? 'y' : 'x'));
  const { paper } = plan;
  if (other) return span(other);
  return axis.letter === 'x' ? [paper.y, paper.y + paper.height] : [paper.x, paper.x + paper.width];
}

/** Every how many-th label has room. */
function thinned(axis: Axis, ticks: Tick[], size: number): number {
  const widest = Math.max(0, ...ticks.map((tick) => textWidth(tick.label, size))) + 8;
  const places = ticks.map((tick) => toPixel(axis, tick.place)).sort((a, b) => a - b);
  const gaps = places.slice(1).map((at, i) => at - places[i]!);
  const mean = gaps.length ? gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length : Infinity;
  return Math.max(1, Math.ceil(widest / mean));
}

/** A title too long for its axis on two lines, broken at the blank nearest its middle. */
export function halved(title: string): string {
  const blanks = Array.from(title.matchAll(/ /g), (found) => found.index);
  if (!blanks.length || title.includes('<br>')) return title;
  const middle = title.length / 2;
  const at = blanks.reduce((best, one) => (Math.abs(one - middle) < Math.abs(best - middle) ? one : best));
  return `${title.slice(0, at)}<br>${title.slice(at + 1)}`;
}

function drawX(pen: Pen, plan: Plan, axis: Axis): void {
  const [, foot] = footing(plan, axis);
  const [left, right] = span(axis);
  const ticks = ticksOf(axis);
  const { layout } = axis;
  const size = layout.tickfont?.size ?? TICK_SIZE;
  const marks =
    layout.ticks === '' ? '' : ticks.map((t) => `M${toPixel(axis, t.place).toFixed(1)},${foot}v4`).join('');
  pen.path(`M${left},${foot}H${right}${marks}`, { stroke: plan.palette.line, width: 1 });
  let depth = 4;
  if (layout.showticklabels !== false) {
    const crowded = areTurned(axis, right - left);
    const every = axis.kind === 'category' ? 1 : thinned(axis, ticks, size);
    ticks.forEach((tick, i) => {
      if (i % every || !tick.label) return;
      const at = toPixel(axis, tick.place);
      const style = { size, colour: plan.palette.ink } as const;
      if (crowded)
        pen.text(at, foot + 8, tick.label, { ...style, anchor: 'end', base: 'middle', turn: -TURN });
      else pen.text(at, foot + 7, tick.label, { ...style, anchor: 'middle', base: 'top' });
    });
    const rows = Math.max(1, ...ticks.map((tick) => tick.label.split('<br>').length));
    depth = crowded
      ? 12 + Math.max(...ticks.map((t) => textWidth(t.label, size))) * Math.sin((TURN * Math.PI) / 180)
      : 9 + rows * size * 1.22;
  }
  const given = titleText(layout.title);
  if (!given) return;
  const font = typeof layout.title === 'object' ? (layout.title.font?.size ?? TITLE_SIZE) : TITLE_SIZE;
  const title = textWidth(given, font) > right - left + 24 ? halved(given) : given;
  pen.text((left + right) / 2, foot + depth + 3, title, {
    size: font,
    colour: plan.palette.ink,
    anchor: 'middle',
    base: 'top',
  });
}

function drawY(pen: Pen, plan: Plan, axis: Axis): void {
  const [foot] = footing(plan, axis);
  const [top, bottom] = span(axis);
  const ticks = ticksOf(axis);
  const { layout } = axis;
  const size = layout.tickfont?.size ?? TICK_SIZE;
  const marks =
    layout.ticks === '' ? '' : ticks.map((t) => `M${foot},${toPixel(axis, t.place).toFixed(1)}h-4`).join('');
  pen.path(`M${foot},${top}V${bottom}${marks}`, { stroke: plan.palette.line, width: 1 });
  let depth = 6;
  if (layout.showticklabels !== false) {
    const every = Math.max(1, Math.ceil((size * 1.15 * (ticks.length - 1)) / Math.max(bottom - top, 1)));
    ticks.forEach((tick, i) => {
      if (i % every === 0)
        pen.text(foot - 7, toPixel(axis, tick.place), tick.label, {
          size,
          colour: plan.palette.ink,
          anchor: 'end',
        });
    });
    depth = 10 + Math.max(0, ...ticks.map((tick) => textWidth(tick.label, size)));
  }
  const title = titleText(layout.title);
  if (!title) return;
  const room = {
    size: TITLE_SIZE,
    colour: plan.palette.ink,
    anchor: 'middle',
    base: 'bottom',
    turn: -90,
  } as const;
  pen.text(Math.max(foot - depth - 4, 14), (top + bottom) / 2, title, room);
}

function drawAnnotation(pen: Pen, plan: Plan, one: Annotation): void {
  const x = place(plan, 'x', one.xref, one.x);
  const y = place(plan, 'y', one.yref, one.y);
  if (!Number.isFinite(x) || !Number.isFinite(y)) return;
  const turned = Math.abs(one.textangle ?? 0) === 90;
  const along = { left: 'start', center: 'middle', right: 'end' } as const;
  const level = { top: 'top', middle: 'middle', bottom: 'bottom' } as const;
  const yanchor = one.yanchor as keyof typeof level | undefined;
  const size = one.font?.size ?? 12;
  const colour = plan.palette.ink;
  if (turned) {
    // Written upwards: what hangs from its top ends there.
    const anchor = yanchor === 'top' ? 'end' : yanchor === 'bottom' ? 'start' : 'middle';
    pen.text(x, y, one.text, { size, colour, anchor, base: 'middle', turn: one.textangle ?? 0 });
    return;
  }
  const anchor = along[(one.xanchor ?? 'center') as keyof typeof along];
  pen.text(x, y, one.text, { size, colour, anchor, base: yanchor ? level[yanchor] : 'middle' });
}
