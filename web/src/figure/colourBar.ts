import { colourScale } from './colour';
import { byStep } from './format';
import { limitsOf } from './marks/heatmap';
import type { Plan } from './plan';
import type { ColourBar, ColourScale, Trace } from './plotly';
import type { Pen } from './pen';
import { niceStep } from './ticks';
import { rowsOf } from './values';

interface Bar {
  bar: ColourBar;
  scale: ColourScale;
  low: number;
  high: number;
}

function barOf(trace: Trace): Bar | null {
  const { marker } = trace;
  if (trace.type === 'heatmap' && trace.colorbar && trace.showscale !== false) {
    const [low, high] = limitsOf(trace, rowsOf(trace));
    return Number.isFinite(low)
      ? { bar: trace.colorbar, scale: trace.colorscale ?? 'Viridis', low, high }
      : null;
  }
  if (marker?.colorbar && marker.colorscale)
    return { bar: marker.colorbar, scale: marker.colorscale, low: marker.cmin ?? 0, high: marker.cmax ?? 1 };
  return null;
}

function ticks({ bar, low, high }: Bar): { value: number; label: string }[] {
  if (bar.tickvals)
    return bar.tickvals.map((value, i) => ({ value, label: bar.ticktext?.[i] ?? byStep(value, 1) }));
  const step = niceStep((high - low) / (bar.nticks ?? 5));
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    found.push({ value: i * step, label: byStep(i * step, step) });
  return found;
}

const SLICES = 64;

/** Colour bars: lying ones above the paper, or below it where their y is below 0; else at its right. */
export function drawColourBars(pen: Pen, plan: Plan): void {
  for (const trace of plan.traces) {
    const found = barOf(trace);
    if (found?.bar.orientation === 'h') drawLying(pen, plan, found);
    else if (found) drawStanding(pen, plan, found);
  }
}

function drawStanding(pen: Pen, plan: Plan, found: Bar): void {
  const { paper, palette } = plan;
  const { bar, low, high } = found;
  const thick = bar.thickness ?? 12;
  const height = paper.height * (bar.len ?? 0.85);
  const left = paper.x + paper.width + 14;
  const top = paper.y + paper.height - height;
  const colour = colourScale(found.scale);
  const slice = height / SLICES;
  for (let i = 0; i < SLICES; i++) {
    const [from, to] = [i + 1, i].map((n) => Math.round(top + height - n * slice));
    pen.path(`M${left},${from}h${thick}V${to}h${-thick}Z`, { fill: colour((i + 0.5) / SLICES) });
  }
  for (const { value, label } of ticks(found)) {
    const y = top + height - ((value - low) / (high - low || 1)) * height;
    pen.text(left + thick + 4, y, label, { size: 11, colour: palette.ink });
  }
  const title = bar.title?.text;
  if (title) pen.text(left, top - 8, title, { size: 12, colour: palette.ink, base: 'bottom' });
}

function drawLying(pen: Pen, plan: Plan, found: Bar): void {
  const { paper, palette } = plan;
  const { bar, low, high } = found;
  const thick = bar.thickness ?? 10;
  const width = paper.width * (bar.len ?? 1);
  const left = paper.x + (paper.width - width) / 2;
  const title = bar.title?.text;
  const above = (bar.y ?? 1) >= 1;
  // Title, bar, ticks from top to bottom; above, the ticks' labels end just over the paper.
  const top = above ? paper.y - 22 - thick : paper.y + paper.height * (1 - (bar.y ?? 0)) + (title ? 18 : 0);
  const colour = colourScale(found.scale);
  for (let i = 0; i < SLICES; i++) {
    // On whole pixels: no seams between slices.
    const [from, to] = [i, i + 1].map((n) => Math.round(left + (n * width) / SLICES));
    pen.path(`M${from},${Math.round(top)}H${to}v${thick}H${from}Z`, { fill: colour((i + 0.5) / SLICES) });
  }
  for (const { value, label } of ticks(found)) {
    const x = left + ((value - low) / (high - low || 1)) * width;
    pen.text(x, top + thick + 3, label, { size: 11, colour: palette.ink, anchor: 'middle', base: 'top' });
  }
  if (title)
    pen.text(left + width / 2, top - 3, title, {
      size: 12,
      colour: palette.ink,
      anchor: 'middle',
      base: 'bottom',
    });
}
