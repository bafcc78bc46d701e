import { useCallback, useMemo, useRef, useState } from 'react';

import type { LightCurveWindow } from '../../app/types';
import { csvFile } from '../../figure/csv';
import { entriesOf, hiddenBy } from '../../figure/legend';
import { LegendButtons } from '../../figure/LegendButtons';
import { pngFile, svgFile } from '../../figure/picture';
import type { View } from '../../figure/plan';
import { Plot } from '../../figure/Plot';
import { save } from '../../figure/save';
import { usePlan } from '../../figure/usePlan';
import { useWidth } from '../../figure/useSize';
import { curveFigure, type Span } from './curveFigure';

interface Props {
  window: LightCurveWindow;
  /** What is looked at; the window may still be on its way. */
  span: Span;
  look: (span: Span | null) => void;
  name: string;
}

const NOBODY: ReadonlySet<string> = new Set();

/** The curve itself: zooming it asks for another window. */
export function Curve({ window, span, look, name }: Props) {
  const ref = useRef<HTMLDivElement>(null);
  const width = useWidth(ref);
  const [hidden, setHidden] = useState(NOBODY);
  const figure = useMemo(() => curveFigure(window), [window]);
  const entries = useMemo(() => entriesOf(figure), [figure]);
  const isHidden = useMemo(() => hiddenBy(entries, hidden), [entries, hidden]);
  const view = useMemo((): View => ({ x: [span.start, span.end] }), [span.start, span.end]);
  const plan = usePlan({ figure, width, view, isHidden });
  const onView = useCallback(
    (change: View | null) => {
      const range = change?.x;
      look(range ? { start: Math.min(...range), end: Math.max(...range) } : null);
    },
    [look],
  );
  const toggle = (key: string) =>
    setHidden((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  const picture = plan && {
    plan,
    title: `Light curve ${name}`,
    legend: entries.filter((one) => !hidden.has(one.key)),
  };
  return (
    <div ref={ref} data-curve={name}>
      {plan && picture && (
        <>
          <LegendButtons entries={entries} hidden={hidden} palette={plan.palette} toggle={toggle} />
          <Plot
            plan={plan}
            name={`curve-${name}`}
            label="light curve; arrow keys read its points, plus and minus zoom"
            tool="zoom"
            chosen={NOBODY}
            onView={onView}
            onChosen={() => undefined}
          />
          <div className="screen flex justify-end gap-2 text-xs">
            <button
              type="button"
              className="control"
              onClick={() => save(`${name}.svg`, svgFile(picture), 'image/svg+xml')}
            >
              SVG
            </button>
            <button
              type="button"
              className="control"
              onClick={() => void pngFile(picture).then((blob) => save(`${name}.png`, blob, 'image/png'))}
            >
              PNG
            </button>
            <button
              type="button"
              className="control"
              onClick={() => save(`${name}.csv`, csvFile(figure), 'text/csv')}
            >
              CSV
            </button>
          </div>
        </>
      )}
    </div>
  );
}
