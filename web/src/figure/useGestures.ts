import { type PointerEvent, type RefObject, useEffect, useRef, useState } from 'react';

import type { Loop } from './lasso';
import type { Box } from './pen';
import type { Plan, View } from './plan';
import { about, moved, panesAt, toBox, type Pane } from './zoom';

export type Tool = 'zoom' | 'pan' | 'lasso';

interface Props {
  plan: Plan;
  tool: Tool;
  onView: (change: View) => void;
  onLoop: (loop: Loop) => void;
  onPoint: (x: number, y: number, pressed: boolean) => void;
}

interface Drag {
  panes: Pane[];
  from: [number, number];
  last: [number, number];
  touch: boolean;
  moved: boolean;
}

const STILL = 5; // px within which a press is a click

/** Pointer and wheel on a figure. The wheel zooms only a figure that has the focus, or with Ctrl: a
 * page that is scrolled must not stop at every figure. */
export function useGestures(ref: RefObject<HTMLElement | null>, props: Props) {
  const { plan, tool, onView, onLoop, onPoint } = props;
  const drag = useRef<Drag | null>(null);
  const [brush, setBrush] = useState<Box | null>(null);
  const [loop, setLoop] = useState<Loop>([]);

  const at = (event: { clientX: number; clientY: number }): [number, number] => {
    const box = ref.current?.getBoundingClientRect();
    return [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)];
  };

  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    // React's own wheel listeners are passive: they could not keep the page from scrolling.
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !element.contains(document.activeElement)) return;
      const box = element.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      const found = panesAt(plan, x, y);
      if (!found.length) return;
      event.preventDefault();
      const factor = Math.exp(Math.max(-100, Math.min(100, event.deltaY)) / 400);
      onView(Object.assign({}, ...found.map((pane) => about(pane, factor, x, y))) as View);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [ref, plan, onView]);

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const from = at(event);
    const found = panesAt(plan, ...from);
    // A loop may begin beside the axes, a rectangle may not.
    if (!found.length && tool !== 'lasso') return;
    drag.current = { panes: found, from, last: from, touch: event.pointerType === 'touch', moved: false };
    event.currentTarget.setPointerCapture(event.pointerId);
  };

  const move = (event: PointerEvent) => {
    const here = at(event);
    const held = drag.current;
    if (!held) {
      onPoint(...here, false);
      return;
    }
    if (!held.moved && Math.hypot(here[0] - held.from[0], here[1] - held.from[1]) < STILL) return;
    held.moved = true;
    if (tool === 'lasso') setLoop((before) => [...(before.length ? before : [held.from]), here]);
    else if (tool === 'pan' || event.shiftKey)
      onView(
        Object.assign(
          {},
          ...held.panes.map((pane) => moved(pane, here[0] - held.last[0], here[1] - held.last[1])),
        ) as View,
      );
    else setBrush(rectangle(held, here));
    held.last = here;
  };

  const up = (event: PointerEvent) => {
    const held = drag.current;
    drag.current = null;
    if (!held) return;
    if (!held.moved) onPoint(...at(event), true);
    else if (tool === 'lasso') onLoop(loop);
    else if (brush) onView(Object.assign({}, ...held.panes.map((pane) => toBox(pane, brush))) as View);
    setBrush(null);
    setLoop([]);
  };

  const cancel = () => {
    drag.current = null;
    setBrush(null);
    setLoop([]);
  };

  return {
    brush,
    loop,
    handlers: { onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: cancel },
  };
}

/** The rectangle that is drawn, within its pane; a finger's is as high as the pane. */
function rectangle(held: Drag, here: [number, number]): Box {
  const box = held.panes[0]!.box;
  const within = (value: number, low: number, length: number) => Math.min(Math.max(value, low), low + length);
  const [x0, x1] = [held.from[0], within(here[0], box.x, box.width)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  const [y0, y1] = [held.from[1], within(here[1], box.y, box.height)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  if (held.touch) return { x: x0, y: box.y, width: x1 - x0, height: 0 };
  // A flat rectangle zooms one way only: it is shown over the whole of the other.
  if (y1 - y0 < 8) return { x: x0, y: box.y, width: x1 - x0, height: 0 };
  if (x1 - x0 < 8) return { x: box.x, y: y0, width: 0, height: y1 - y0 };
  return { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
}
