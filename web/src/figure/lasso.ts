import { polygonContains } from 'd3-polygon';

import { planetOf, type Point, type Track } from './hover';
import type { Box } from './pen';
import type { FigureDict } from './plotly';

export type Loop = [number, number][];

/** Points of planets among the tracks. */
export function planetPoints(tracks: Track[]): Point[] {
  return tracks.flatMap((track) => track.points).filter((point) => planetOf(point) !== null);
}

/** Whether planets can be circled: there is a map of them. */
export function isMap(figure: FigureDict): boolean {
  return figure.data.some((trace) => trace.meta === 'planets' && trace.type === 'scatter');
}

/** Planets within a loop drawn by hand, each once, in the figure's order. */
export function planetsIn(loop: Loop, tracks: Track[]): string[] {
  if (loop.length < 3) return [];
  return chosen(tracks, (point) => polygonContains(loop, [point.x, point.y]));
}

/** Planets within a rectangle: those in sight, for who cannot draw a loop. */
export function planetsWithin(box: Box, tracks: Track[]): string[] {
  return chosen(
    tracks,
    ({ x, y }) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height,
  );
}

function chosen(tracks: Track[], isChosen: (point: Point) => boolean): string[] {
  const found = planetPoints(tracks).filter(isChosen);
  return [...new Set(found.map((point) => planetOf(point)!))];
}
