import { inkOn, colourScale } from '../colour';
import { shown } from '../format';
import { textWidth } from '../measure';
import { axesFor, boxOf, type Plan } from '../plan';
import type { Trace } from '../plotly';
import type { Box, Pen, TextStyle } from '../pen';
import { each } from '../values';
import { barPixels } from './drawBars';
import { cellBox, cellsOf, limitsOf } from './heatmap';
import { pixelsOf } from './scatter';

const SIZE = 12;

/** Texts that traces carry beside their marks. */
export function drawTexts(pen: Pen, plan: Plan): void {
  for (const trace of plan.traces) {
    if (trace.type === 'heatmap' && trace.texttemplate) cellTexts(pen, plan, trace);
    else if (trace.type === 'bar' && trace.textposition !== 'none') barTexts(pen, plan, trace);
    else if (trace.type === 'scatter' && (trace.mode ?? '').includes('text')) pointTexts(pen, plan, trace);
  }
}

function isInside(box: Box, x: number, y: number): boolean {
  return x >= box.x - 1 && x <= box.x + box.width + 1 && y >= box.y - 1 && y <= box.y + box.height + 1;
}

function pointTexts(pen: Pen, plan: Plan, trace: Trace): void {
  const { x, y } = axesFor(plan, trace);
  const box = boxOf(x, y);
  const size = trace.textfont?.size ?? SIZE;
  const reach = (trace.mode ?? '').includes('markers') ? (each(trace.marker?.size, 0) ?? 6) / 2 + 3 : 0;
  pixelsOf(trace, x, y).forEach(([px, py], i) => {
    const text = trace.text?.[i];
    if (typeof text !== 'string' || !isInside(box, px, py)) return;
    const [vertical, horizontal] = (each(trace.textposition, i) ?? 'middle center').split(' ');
    const side = { left: -1, center: 0, right: 1 }[horizontal ?? 'center'] ?? 0;
    const level = { top: -1, middle: 0, bottom: 1 }[vertical ?? 'middle'] ?? 0;
    const base = level < 0 ? 'bottom' : level > 0 ? 'top' : 'middle';
    const anchor = side < 0 ? 'end' : side > 0 ? 'start' : 'middle';
    pen.text(px + side * reach, py + level * reach, text, {
      size,
      base,
      anchor,
      colour: trace.textfont?.color ?? plan.palette.ink,
    });
  });
}

function barTexts(pen: Pen, plan: Plan, trace: Trace): void {
  const { x, y } = axesFor(plan, trace);
  const flat = trace.orientation === 'h';
  const size = trace.textfont?.size ?? SIZE;
  for (const { index, box } of barPixels(trace, plan.traces, plan.figure.layout, x, y)) {
    const text = trace.text?.[index];
    if (typeof text !== 'string' && typeof text !== 'number') continue;
    const words = shown(text);
    const outside = each(trace.textposition, index) === 'outside' || textWidth(words, size) + 8 > box.width;
    const style: TextStyle = { size, colour: plan.palette.ink };
    if (flat) {
      const colour = outside ? plan.palette.ink : inkOn(String(trace.marker?.color ?? '#ffffff'));
      pen.text(box.x + box.width + (outside ? 5 : -5), box.y + box.height / 2, words, {
        ...style,
        colour,
        anchor: outside ? 'start' : 'end',
      });
    } else {
      const value = trace.y?.[index];
      const down = typeof value === 'number' && value < 0;
      const at = down ? box.y + box.height + 3 : box.y - 3;
      pen.text(box.x + box.width / 2, at, words, {
        ...style,
        anchor: 'middle',
        base: down ? 'top' : 'bottom',
      });
    }
  }
}

function cellTexts(pen: Pen, plan: Plan, trace: Trace): void {
  const { x, y } = axesFor(plan, trace);
  const cells = cellsOf(trace, x, y);
  const [low, high] = limitsOf(trace, cells.rows);
  const scale = colourScale(trace.colorscale ?? 'Viridis');
  const texts = (trace.text ?? []) as (string | null)[][];
  cells.rows.forEach((row, r) => {
    for (let c = 0; c < row.length; c++) {
      const text = texts[r]?.[c];
      const value = row[c] ?? null;
      if (!text || value === null) continue;
      const box = cellBox(cells, r, c);
      if (textWidth(text, SIZE) > box.width) continue;
      const colour = inkOn(scale((value - low) / (high - low || 1)));
      pen.text(box.x + box.width / 2, box.y + box.height / 2, text, { size: SIZE, colour, anchor: 'middle' });
    }
  });
}
