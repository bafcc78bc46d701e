import type { LightCurveWindow } from '../../app/types';
import type { FigureDict, Trace } from '../../figure/plotly';

const MODEL = '#3f7fdc';
const FIT = '#e8820c';
const NEUTRAL = '#8b93a1';
const ENVELOPE = 'rgba(63,127,220,0.22)';

type Numbers = readonly (number | null)[];

/** The ring between lows and highs, open where one is missing. */
export function envelope(
  time: Numbers,
  low: Numbers,
  high: Numbers,
): { x: (number | null)[]; y: (number | null)[] } {
  const x: (number | null)[] = [];
  const y: (number | null)[] = [];
  let run: number[] = [];
  const close = () => {
    if (run.length > 1) {
      const back = [...run].reverse();
      x.push(...run.map((i) => time[i] ?? null), ...back.map((i) => time[i] ?? null), null);
      y.push(...run.map((i) => high[i] ?? null), ...back.map((i) => low[i] ?? null), null);
    }
    run = [];
  };
  time.forEach((at, i) => {
    if ((at ?? null) !== null && (low[i] ?? null) !== null && (high[i] ?? null) !== null) run.push(i);
    else close();
  });
  close();
  return { x, y };
}

/** A window of a light curve as a figure: light with its extremes and the fit, residuals below. */
export function curveFigure(window: LightCurveWindow): FigureDict {
  const { time_h: x, flux, model, residual_ppm: residual, each } = window;
  const few = x.length <= 400;
  const look = { mode: 'markers', marker: { color: MODEL, size: few ? 4 : 2.6 } };
  const data: Trace[] = [];
  if (each > 1)
    data.push({
      ...{ type: 'scatter', mode: 'lines', name: 'extremes', hoverinfo: 'skip' },
      ...{
        line: { width: 0, color: MODEL },
        fill: 'toself',
        fillcolor: ENVELOPE,
        ...envelope(x, window.low, window.high),
      },
    });
  data.push({
    type: 'scatter',
    name: each > 1 ? `means of ${each}` : 'light',
    x,
    y: flux,
    ...look,
    hovertemplate: '%{x:.4f} h: %{y:.6f}<extra></extra>',
  });
  if (model)
    data.push({
      type: 'scatter',
      mode: 'lines',
      name: 'fitted transit',
      x,
      y: model,
      line: { color: FIT, width: 1.7 },
      hoverinfo: 'skip',
    });
  if (residual)
    data.push({
      type: 'scatter',
      name: 'residual',
      showlegend: false,
      x,
      y: residual,
      yaxis: 'y2',
      ...look,
      hovertemplate: '%{x:.4f} h: %{y:,.0f} ppm<extra></extra>',
    });
  const level = { color: NEUTRAL, width: 1.3, dash: 'dash' };
  const split = residual ? 0.36 : 0;
  return {
    data,
    layout: {
      height: 460,
      margin: { l: 78, r: 16, t: 14, b: 46 },
      xaxis: {
        title: { text: "time on the visit's clock [h]" },
        range: [window.start_h, window.end_h],
        anchor: residual ? 'y2' : 'y',
      },
      yaxis: { title: { text: 'relative flux' }, domain: [split && split + 0.05, 1], fixedrange: true },
      ...(residual && {
        yaxis2: { title: { text: 'residual [ppm]' }, domain: [0, split], fixedrange: true },
        shapes: [
          {
            type: 'line',
            xref: 'paper',
            x0: 0,
            x1: 1,
            yref: 'y2',
            y0: 0,
            y1: 0,
            layer: 'between',
            line: level,
          },
        ],
      }),
    },
  };
}

export interface Span {
  start: number;
  end: number;
}

/** A span within a visit, at least a second long: moved rather than cut where it fits. */
export function within(span: Span, first: number, last: number): Span {
  const length = Math.min(Math.max(span.end - span.start, 1 / 3600), last - first);
  const start = Math.min(Math.max(span.start, first), last - length);
  return { start, end: start + length };
}

export function scaled({ start, end }: Span, factor: number): Span {
  const middle = (start + end) / 2;
  const half = ((end - start) / 2) * factor;
  return { start: middle - half, end: middle + half };
}
