import { pixelOf, toPixel, type Axis } from '../axis';
import { colourScale } from '../colour';
import { errorEnds } from '../limits';
import type { ErrorBars, Marker, Trace } from '../plotly';
import type { Pen } from '../pen';
import { each } from '../values';
import { isOpen, symbolPath } from './symbols';

export type Pixel = [number, number];

/** Pixels of a trace's points; NaN where half a point is missing. */
export function pixelsOf(trace: Trace, x: Axis, y: Axis): Pixel[] {
  const count = Math.min(trace.x?.length ?? 0, trace.y?.length ?? 0);
  return Array.from({ length: count }, (_, i) => [pixelOf(x, trace.x![i]), pixelOf(y, trace.y![i])]);
}

const isReal = ([x, y]: Pixel) => Number.isFinite(x) && Number.isFinite(y);

/** Unbroken runs: a gap in the data stays one. */
export function runsOf(points: Pixel[]): Pixel[][] {
  const runs: Pixel[][] = [];
  let run: Pixel[] = [];
  for (const point of points) {
    if (isReal(point)) run.push(point);
    else if (run.length) {
      runs.push(run);
      run = [];
    }
  }
  if (run.length) runs.push(run);
  return runs;
}

const at = ([x, y]: Pixel) => `${x.toFixed(2)},${y.toFixed(2)}`;

/** A run as a path: straight, or in steps ("hv": across, then up; "hvh": up halfway). */
export function linePath(run: Pixel[], shape: string | undefined): string {
  const corners: Pixel[] = [run[0]!];
  for (let i = 1; i < run.length; i++) {
    const [x0, y0] = run[i - 1]!;
    const [x1, y1] = run[i]!;
    if (shape === 'hv') corners.push([x1, y0]);
    if (shape === 'hvh') corners.push([(x0 + x1) / 2, y0], [(x0 + x1) / 2, y1]);
    corners.push([x1, y1]);
  }
  return `M${corners.map(at).join('L')}`;
}

export function drawScatter(pen: Pen, trace: Trace, x: Axis, y: Axis): void {
  const points = pixelsOf(trace, x, y);
  const mode = trace.mode ?? 'lines';
  const runs = runsOf(points);
  if (trace.fill) drawFill(pen, trace, runs, y);
  if (mode.includes('lines') && trace.line?.width !== 0) {
    const line = trace.line ?? {};
    const d = runs
      .filter((run) => run.length > 1)
      .map((run) => linePath(run, line.shape))
      .join('');
    pen.path(d, { stroke: line.color, width: line.width ?? 2, dash: line.dash, opacity: trace.opacity });
  }
  drawErrors(pen, trace, x, y, points);
  if (mode.includes('markers')) drawMarkers(pen, trace, points);
}

function drawFill(pen: Pen, trace: Trace, runs: Pixel[][], y: Axis): void {
  const floor = y.kind === 'log' ? Math.max(...y.pixels) : toPixel(y, 0);
  const d = runs
    .filter((run) => run.length > 1)
    .map((run) => {
      const line = linePath(run, trace.line?.shape);
      if (trace.fill !== 'tozeroy') return `${line}Z`;
      return `${line}L${at([run[run.length - 1]![0], floor])}L${at([run[0]![0], floor])}Z`;
    })
    .join('');
  pen.path(d, { fill: trace.fillcolor ?? trace.line?.color, opacity: trace.opacity });
}

function drawErrors(pen: Pen, trace: Trace, x: Axis, y: Axis, points: Pixel[]): void {
  const draw = (errors: ErrorBars | undefined, axis: Axis, values: Trace['x'], isX: boolean) => {
    if (!errors) return;
    const parts: string[] = [];
    const cap = errors.width ?? 4;
    points.forEach(([px, py], i) => {
      const ends = errorEnds(values?.[i] ?? null, errors, i);
      if (!ends.length || !isReal([px, py])) return;
      const [low, high] = ends.map((end) => {
        const found = pixelOf(axis, end);
        return Number.isFinite(found) ? found : axis.pixels[0]; // below zero on a logarithmic axis
      }) as [number, number];
      if (isX) parts.push(`M${low},${py}H${high}`);
      else parts.push(`M${px},${low}V${high}`);
      if (!cap) return;
      for (const end of [low, high])
        parts.push(isX ? `M${end},${py - cap}v${2 * cap}` : `M${px - cap},${end}h${2 * cap}`);
    });
    const own = Array.isArray(trace.marker?.color) ? undefined : trace.marker?.color;
    pen.path(parts.join(''), {
      stroke: errors.color ?? own ?? trace.line?.color,
      width: errors.thickness ?? 2,
    });
  };
  draw(trace.error_x, x, trace.x, true);
  draw(trace.error_y, y, trace.y, false);
}

/** Colours of markers, one by one where they are numbers of a scale. */
export function markerColours(
  marker: Marker,
  fallback: string | undefined,
): (i: number) => string | undefined {
  const { color } = marker;
  if (!Array.isArray(color)) return () => color ?? fallback;
  if (!marker.colorscale) return (i) => (typeof color[i] === 'string' ? color[i] : fallback);
  const scale = colourScale(marker.colorscale);
  const low = marker.cmin ?? 0;
  const wide = (marker.cmax ?? 1) - low || 1;
  return (i) => {
    const value = color[i];
    return typeof value === 'number' ? scale((value - low) / wide) : undefined;
  };
}

function drawMarkers(pen: Pen, trace: Trace, points: Pixel[]): void {
  const marker = trace.marker ?? {};
  const symbol = marker.symbol ?? 'circle';
  const colour = markerColours(marker, trace.line?.color);
  const ring = marker.line?.width ?? 0;
  // Neighbours of one look are one path: a thousand dots are then one stroke of the pen.
  let look = '';
  let d = '';
  let flush: (() => void) | null = null;
  points.forEach((point, i) => {
    if (!isReal(point)) return;
    const own = colour(i);
    const opacity = (each(marker.opacity, i) ?? 1) * (trace.opacity ?? 1);
    // Pale ones that overlap are darker there: each is its own.
    const next = opacity < 1 ? String(i) : (own ?? '');
    if (next !== look) {
      flush?.();
      d = '';
      look = next;
      const open = isOpen(symbol) || own === undefined;
      flush = () =>
        pen.path(
          d,
          open
            ? { stroke: own ?? marker.line?.color ?? trace.line?.color, width: ring || 1, opacity }
            : { fill: own, stroke: marker.line?.color, width: ring, opacity },
        );
    }
    d += symbolPath(symbol, point[0], point[1], each(marker.size, i) ?? 6);
  });
  (flush as (() => void) | null)?.();
}
