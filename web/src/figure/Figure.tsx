import { useEffect, useMemo, useRef } from 'react';

import { unsupported } from './check';
import { Drawn } from './Drawn';
import type { FigureDict } from './plotly';
import { useNear } from './useSize';

export interface FigureProps {
  /** Of its place; alone in the page. */
  name: string;
  title: string;
  /** A dict of Plotly's schema, as the panels make them. */
  figure: FigureDict;
  /** Opens a planet's page. */
  onPlanet?: (id: string) => void;
  /** Planets that were circled. */
  onChosen?: (planets: string[]) => void;
}

/** One of the panels' figures. It is drawn when it comes near the screen; one that asks for what the
 * renderer does not know says so in its place, and is not drawn half. */
export function Figure(props: FigureProps) {
  const { name, title, figure } = props;
  const ref = useRef<HTMLElement>(null);
  const near = useNear(ref);
  const problems = useMemo(() => unsupported(figure), [figure]);
  useEffect(() => {
    if (problems.length) console.warn(`figure ${name} cannot be drawn: ${problems.join(', ')}`);
  }, [name, problems]);
  return (
    <figure
      ref={ref}
      id={name}
      data-figure={name}
      className="m-0 min-w-0"
      style={{ minHeight: near ? undefined : figure.layout.height }}
    >
      <figcaption className="unseen">{`Figure of ${title}: ${figure.data.length} series`}</figcaption>
      {problems.length > 0 ? (
        <p role="alert" className="badge tone-bad rounded-lg px-3 py-2 text-sm">
          <span className="text-ink">
            This figure asks for what is not drawn here: {problems.join(', ')}. The report page of spectramind
            diagnose shows it.
          </span>
        </p>
      ) : (
        near && <Drawn {...props} />
      )}
    </figure>
  );
}
