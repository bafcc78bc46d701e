import { axesFor, boxOf, type Plan } from '../plan';
import type { Pen } from '../pen';
import { barPixels, drawBars } from './drawBars';
import { drawHeatmap } from './heatmap';
import { drawScatter } from './scatter';

/** Room at the edges of the axes' rectangle, for markers that stand on its border. */
const SLACK = 6;

/** All traces, in their order: heat maps lie below the rest. */
export function drawMarks(pen: Pen, plan: Plan): void {
  const order = [...plan.traces].sort((a, b) => Number(b.type === 'heatmap') - Number(a.type === 'heatmap'));
  for (const trace of order) {
    const { x, y } = axesFor(plan, trace);
    const box = boxOf(x, y);
    const slack = trace.type === 'scatter' && (trace.mode ?? '').includes('markers') ? SLACK : 0;
    const room = {
      x: box.x - slack,
      y: box.y - slack,
      width: box.width + 2 * slack,
      height: box.height + 2 * slack,
    };
    pen.clipped(room, () => {
      if (trace.type === 'heatmap') drawHeatmap(pen, trace, x, y);
      else if (trace.type === 'bar')
        drawBars(pen, trace, barPixels(trace, plan.traces, plan.figure.layout, x, y));
      else drawScatter(pen, trace, x, y);
    });
  }
}
