import { type ReactNode, useEffect, useId, useRef, useState } from 'react';

/** A panel's table: scrolls in its place, by keys too. */
export function Scrolled({ children }: { children: ReactNode }) {
  const ref = useRef<HTMLDivElement>(null);
  const id = useId();
  const [label, setLabel] = useState('table');
  useEffect(() => {
    const heading = ref.current?.closest('section')?.querySelector('h2, h3');
    if (heading?.textContent) setLabel(`table of ${heading.textContent}`);
  }, []);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that keys can scroll it
    <div ref={ref} id={id} className="report-scroll" tabIndex={0} role="region" aria-label={label}>
      {children}
    </div>
  );
}
