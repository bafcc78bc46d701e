import { toPixel, type Axis } from '../axis';
import type { Layout, Marker, Trace } from '../plotly';
import type { Box, Pen } from '../pen';
import { barBoxes } from './bars';

/** A bar's rectangle on the screen. */
export interface BarBox {
  index: number;
  box: Box;
}

export function barPixels(trace: Trace, traces: Trace[], layout: Layout, x: Axis, y: Axis): BarBox[] {
  const flat = trace.orientation === 'h';
  const [stands, values] = flat ? [y, x] : [x, y];
  return barBoxes(trace, traces, layout, stands).map(({ index, across, along }) => {
    const [a, b] = across.map((place) => toPixel(stands, place)).sort((p, q) => p - q) as [number, number];
    const [c, d] = along.map((place) => toPixel(values, place)).sort((p, q) => p - q) as [number, number];
    const box = flat
      ? { x: c, y: a, width: d - c, height: b - a }
      : { x: a, y: c, width: b - a, height: d - c };
    return { index, box };
  });
}

export function drawBars(pen: Pen, trace: Trace, boxes: BarBox[]): void {
  const marker = trace.marker ?? {};
  const opacity = (typeof marker.opacity === 'number' ? marker.opacity : 1) * (trace.opacity ?? 1);
  const d = boxes.map(
    ({ box }) =>
      `M${box.x.toFixed(2)},${box.y.toFixed(2)}h${box.width.toFixed(2)}v${box.height.toFixed(2)}h${(-box.width).toFixed(2)}Z`,
  );
  const colour = Array.isArray(marker.color) ? undefined : marker.color;
  pen.path(d.join(''), { fill: colour, opacity });
  if (marker.pattern?.shape) drawPattern(pen, marker.pattern, boxes, opacity);
}

function drawPattern(
  pen: Pen,
  pattern: NonNullable<Marker['pattern']>,
  boxes: BarBox[],
  opacity: number,
): void {
  const size = pattern.size ?? 8;
  const solid = pattern.solidity ?? 0.3;
  const colour = pattern.fgcolor ?? '#ffffff';
  const shade = (pattern.fgopacity ?? 1) * opacity;
  if (pattern.shape === '.') {
    const r = Math.sqrt((solid * size * size) / Math.PI) * 0.8;
    pen.path(boxes.map(({ box }) => dots(box, size, r)).join(''), { fill: colour, opacity: shade });
    return;
  }
  const kind = pattern.shape ?? '';
  const slants = { '/': [1], '\\': [-1], x: [1, -1] }[kind] ?? [];
  const slanted = slants.flatMap((slant) => boxes.map(({ box }) => hatch(box, size, slant)));
  const straight = boxes.map(({ box }) => rules(box, size, '+-'.includes(kind), '+|'.includes(kind)));
  const d = [...slanted, ...straight].join('');
  pen.path(d, { stroke: colour, width: size * solid * 0.7, opacity: shade });
}

function dots(box: Box, size: number, r: number): string {
  let d = '';
  for (let y = Math.ceil((box.y + r) / size) * size; y <= box.y + box.height - r; y += size)
    for (let x = Math.ceil((box.x + r) / size) * size; x <= box.x + box.width - r; x += size)
      d += `M${(x - r).toFixed(2)},${y.toFixed(2)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`;
  return d;
}

/** Lines across and down, on a grid that neighbours share. */
function rules(box: Box, size: number, across: boolean, down: boolean): string {
  let d = '';
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  if (across)
    for (let y = Math.ceil(box.y / size) * size; y < bottom; y += size)
      d += `M${box.x.toFixed(2)},${y}H${right.toFixed(2)}`;
  if (down)
    for (let x = Math.ceil(box.x / size) * size; x < right; x += size)
      d += `M${x},${box.y.toFixed(2)}V${bottom.toFixed(2)}`;
  return d;
}

/** Slanted lines x + slant * y = k * size, cut to the box. */
export function hatch(box: Box, size: number, slant: number): string {
  const right = box.x + box.width;
  const bottom = box.y + box.height;
  const sums = [box.y, bottom].flatMap((y) => [box.x + slant * y, right + slant * y]);
  let d = '';
  for (let k = Math.ceil(Math.min(...sums) / size); k * size <= Math.max(...sums); k++) {
    const sum = k * size;
    const low = Math.max(box.x, Math.min(sum - slant * box.y, sum - slant * bottom));
    const high = Math.min(right, Math.max(sum - slant * box.y, sum - slant * bottom));
    if (high <= low) continue;
    d += `M${low.toFixed(2)},${((sum - low) / slant).toFixed(2)}L${high.toFixed(2)},${((sum - high) / slant).toFixed(2)}`;
  }
  return d;
}
