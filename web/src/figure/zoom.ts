import { fromPixel, type Axis, type Range } from './axis';
import { panes, type Plan, type View } from './plan';
import type { Box } from './pen';

export interface Pane {
  x: Axis;
  y: Axis;
  box: Box;
}

/** Panes at a pixel: several where a second axis shares the rectangle. */
export function panesAt(plan: Plan, px: number, py: number): Pane[] {
  return panes(plan).filter(
    ({ box }) => px >= box.x && px <= box.x + box.width && py >= box.y && py <= box.y + box.height,
  );
}

const LEAST = 1e-9; // of the present range: further in, numbers have no digits left

function changed(axis: Axis, from: number, to: number): View {
  if (axis.layout.fixedrange) return {};
  const range: Range = [fromPixel(axis, from), fromPixel(axis, to)];
  const scale = Math.max(...axis.range.map(Math.abs), 1e-12);
  return Math.abs(range[1] - range[0]) < LEAST * scale ? {} : { [axis.id]: range };
}

/** Zoom to a rectangle; a flat one zooms along its long side alone. */
export function toBox(pane: Pane, box: Box): View {
  const flat = 8;
  const along = (axis: Axis, start: number, length: number) => {
    const ends: Range = [start, start + length];
    const [from, to] = axis.pixels[0] <= axis.pixels[1] ? ends : [ends[1], ends[0]];
    return changed(axis, from, to);
  };
  return {
    ...(box.width >= flat ? along(pane.x, box.x, box.width) : {}),
    ...(box.height >= flat ? along(pane.y, box.y, box.height) : {}),
  };
}

/** Zoom about a pixel; a factor below 1 zooms in. */
export function about(pane: Pane, factor: number, px: number, py: number): View {
  const scaled = (axis: Axis, at: number) =>
    changed(axis, at + (axis.pixels[0] - at) * factor, at + (axis.pixels[1] - at) * factor);
  return { ...scaled(pane.x, px), ...scaled(pane.y, py) };
}

/** The view moved by pixels. */
export function moved(pane: Pane, dx: number, dy: number): View {
  const shifted = (axis: Axis, by: number) => changed(axis, axis.pixels[0] - by, axis.pixels[1] - by);
  return { ...shifted(pane.x, dx), ...shifted(pane.y, dy) };
}
