import { useEffect, useRef } from 'react';

import { CanvasPen } from './canvasPen';
import { drawMarks } from './marks/draw';
import type { Plan } from './plan';

/** The traces' marks on a canvas, as sharp as the screen. */
export function Marks({ plan }: { plan: Plan }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext('2d');
    if (!canvas || !context) return;
    const density = window.devicePixelRatio || 1;
    canvas.width = Math.round(plan.width * density);
    canvas.height = Math.round(plan.height * density);
    context.setTransform(density, 0, 0, density, 0, 0);
    drawMarks(new CanvasPen(context, plan.palette.font), plan);
    canvas.dataset.drawn = 'true';
  }, [plan]);
  return (
    <canvas
      ref={ref}
      aria-hidden
      className="absolute left-0 top-0"
      style={{ width: plan.width, height: plan.height }}
    />
  );
}
