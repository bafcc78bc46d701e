import { type RefObject, useEffect, useState } from 'react';

/** An element's width, followed as it changes; 0 before it is known. */
export function useWidth(ref: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    watch.observe(element);
    return () => watch.disconnect();
  }, [ref]);
  return width;
}

/** Whether an element has come near the screen; once it has, it stays so. */
export function useNear(ref: RefObject<HTMLElement | null>, margin = 600): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element || near) return;
    const watch = new IntersectionObserver(
      (seen) => {
        if (seen.some((one) => one.isIntersecting)) setNear(true);
      },
      { rootMargin: `${margin}px` },
    );
    watch.observe(element);
    // Paper shows everything.
    const all = () => setNear(true);
    addEventListener('beforeprint', all);
    return () => {
      watch.disconnect();
      removeEventListener('beforeprint', all);
    };
  }, [ref, near, margin]);
  return near;
}
