import { placeOf, span, toPixel } from './axis';
import type { Plan } from './plan';
import type { Shape } from './plotly';
import type { Box, Pen, TextStyle } from './pen';

/** A coordinate of a shape or an annotation: of an axis, or a share of the paper (up is more). */
export function place(plan: Plan, letter: 'x' | 'y', ref: string | undefined, value: number): number {
  const { paper } = plan;
  if (ref === 'paper')
    return letter === 'x' ? paper.x + value * paper.width : paper.y + (1 - value) * paper.height;
  const [id = letter, part] = (ref ?? letter).split(' ');
  const axis = plan.axes.get(id);
  if (axis && part === 'domain') return axis.pixels[0] + value * (axis.pixels[1] - axis.pixels[0]);
  // On a logarithmic axis Plotly takes shapes' values as they are, and places of categories.
  return axis ? toPixel(axis, axis.kind === 'category' ? value : placeOf(axis, value)) : NaN;
}

/** Where a shape may be seen: within the axes that it refers to. */
function pane(plan: Plan, shape: Shape): Box {
  const { paper } = plan;
  const [x, y] = [shape.xref ?? 'x', shape.yref ?? 'y'].map((ref) => plan.axes.get(ref.split(' ')[0] ?? ''));
  // Break marks of an axis stand a little outside of it.
  const [left, right] = shape.xref === 'paper' || !x ? [paper.x - 8, paper.x + paper.width + 8] : span(x);
  const [top, bottom] = shape.yref === 'paper' || !y ? [paper.y - 8, paper.y + paper.height + 8] : span(y);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function corners(plan: Plan, shape: Shape): [number, number, number, number] {
  const x = (value: number) => place(plan, 'x', shape.xref, value);
  const y = (value: number) => place(plan, 'y', shape.yref, value);
  return [x(shape.x0), y(shape.y0), x(shape.x1), y(shape.y1)];
}

export function drawShapes(pen: Pen, plan: Plan, layer: string): void {
  for (const shape of plan.figure.layout.shapes ?? []) {
    if ((shape.layer ?? 'above') !== layer) continue;
    const [x0, y0, x1, y1] = corners(plan, shape);
    if (![x0, y0, x1, y1].every(Number.isFinite)) continue;
    const d = shape.type === 'line' ? `M${x0},${y0}L${x1},${y1}` : `M${x0},${y0}H${x1}V${y1}H${x0}Z`;
    const { line } = shape;
    const fill = shape.type === 'rect' ? shape.fillcolor : undefined;
    pen.clipped(pane(plan, shape), () =>
      pen.path(d, { fill, stroke: line?.color, width: line?.width ?? 2, dash: line?.dash }),
    );
  }
}

const ALONG = { left: 'start', center: 'middle', right: 'end' } as const;

/** A line's label at its first end, beside it as its anchors say. */
function drawAtStart(pen: Pen, { label }: Shape, x: number, y: number, style: TextStyle): void {
  const anchor = ALONG[(label?.xanchor ?? 'center') as keyof typeof ALONG];
  const base = (label?.yanchor ?? 'middle') as 'top' | 'middle' | 'bottom';
  const pad = label?.padding ?? 3;
  const dx = { start: pad, middle: 0, end: -pad }[anchor];
  const dy = { top: pad, middle: 0, bottom: -pad }[base];
  pen.text(x + dx, y + dy, label?.text ?? '', { ...style, anchor, base });
}

/** Labels of shapes whose middle is in sight. */
export function drawShapeLabels(pen: Pen, plan: Plan): void {
  for (const shape of plan.figure.layout.shapes ?? []) {
    const text = shape.label?.text;
    if (!text) continue;
    const [x0, y0, x1, y1] = corners(plan, shape);
    const seen = pane(plan, shape);
    const middle = (x0 + x1) / 2;
    if (middle < seen.x || middle > seen.x + seen.width) continue;
    const size = shape.label?.font?.size ?? 12;
    const style = { size, colour: plan.palette.ink, anchor: 'middle' } as const;
    if (shape.label?.textposition === 'start') drawAtStart(pen, shape, x0, y0, style);
    else if (shape.label?.textposition === 'top center')
      pen.text(middle, Math.min(y0, y1) + 3, text, { ...style, base: 'top' });
    else pen.text(middle, (y0 + y1) / 2, text, style);
  }
}
