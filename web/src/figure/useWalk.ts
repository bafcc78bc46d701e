import { type KeyboardEvent, useState } from 'react';

import type { Point, Track } from './hover';

interface Place {
  track: number;
  point: number;
}

/** Arrow keys through the points of a figure: left and right along a series, up and down to the next. */
export function useWalk(tracks: Track[], onPoint: (point: Point | null) => void) {
  const [place, setPlace] = useState<Place | null>(null);

  const go = (next: Place) => {
    const track = Math.min(Math.max(next.track, 0), tracks.length - 1);
    const points = tracks[track]?.points ?? [];
    const point = Math.min(Math.max(next.point, 0), points.length - 1);
    setPlace({ track, point });
    onPoint(points[point] ?? null);
  };

  /** Up and down: the point of the next series that stands closest above or below. */
  const across = (from: Place, by: number): Place => {
    const track = (from.track + by + tracks.length) % tracks.length;
    const x = tracks[from.track]?.points[from.point]?.x ?? 0;
    const points = tracks[track]?.points ?? [];
    let point = 0;
    points.forEach((one, i) => {
      if (Math.abs(one.x - x) < Math.abs(points[point]!.x - x)) point = i;
    });
    return { track, point };
  };

  /** Whether the key was one of these. */
  return (event: KeyboardEvent): boolean => {
    if (!tracks.length) return false;
    const from = place ?? { track: 0, point: -1 };
    const last = (tracks[from.track]?.points.length ?? 1) - 1;
    const stride = event.shiftKey ? 10 : 1;
    const next: Record<string, () => Place> = {
      ArrowRight: () => ({ ...from, point: from.point + stride }),
      ArrowLeft: () => ({ ...from, point: from.point - stride }),
      ArrowDown: () => across(from, 1),
      ArrowUp: () => across(from, -1),
      Home: () => ({ ...from, point: 0 }),
      End: () => ({ ...from, point: last }),
    };
    const found = next[event.key];
    if (!found) return false;
    go(found());
    return true;
  };
}
