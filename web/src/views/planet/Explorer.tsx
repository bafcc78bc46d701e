import { useEffect, useMemo, useState } from 'react';

import { useAddress } from '../../app/address';
import { at } from '../../app/api';
import { useAnswer } from '../../app/useAnswer';
import { plural } from '../../app/format';
import { Choose } from '../../parts/Choose';
import { Failure } from '../../parts/Failure';
import { Section } from '../../parts/Section';
import { Waiting } from '../../parts/Waiting';
import { Curve } from './Curve';
import { scaled, type Span, within } from './curveFigure';

const POINTS = 1000;
const PAUSE_MS = 180;

/** The window that is asked for, once it rests: a turning wheel must not ask at every notch. */
function useRested(span: Span | null): Span | null {
  const [rested, setRested] = useState(span);
  useEffect(() => {
    const timer = setTimeout(() => setRested(span), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [span]);
  return rested;
}

/** A window that an address asks for. */
function asked(from: string, till: string): Span | null {
  const [start, end] = [Number(from), Number(till)];
  return from && till && end > start ? { start, end } : null;
}

interface Props {
  folder: string;
  planet: string;
  visits: readonly string[];
}

/** A visit's light down to every sample: the server is asked for the window in sight, never for all. */
export function Explorer({ folder, planet, visits }: Props) {
  const address = useAddress();
  const visit = address.get('visit', visits[0] ?? '');
  const detector = address.get('detector', 'fgs1');
  const { set } = address;
  const [span, setSpan] = useState(() => asked(address.get('from'), address.get('till')));
  const rested = useRested(span);
  // The address follows what is looked at, so that it can be shared.
  useEffect(() => {
    const at = rested && { from: rested.start.toFixed(5), till: rested.end.toFixed(5) };
    if (address.get('from') !== (at?.from ?? '')) set(at ?? { from: null, till: null }, { replace: true });
  }, [rested, address, set]);
  const answer = useAnswer(
    at.lightCurve(folder, planet, {
      visit,
      detector,
      points: POINTS,
      ...(rested && { start_h: rested.start, end_h: rested.end }),
    }),
    { keep: true },
  );
  const { data } = answer;
  const whole = useMemo(() => (data ? { start: data.first_h, end: data.last_h } : null), [data]);
  const look = (next: Span | null | ((now: Span) => Span)) =>
    setSpan((now) => {
      const wanted = typeof next === 'function' ? whole && next(now ?? whole) : next;
      if (!whole || !wanted) return null;
      const found = within(wanted, whole.start, whole.end);
      return found.end - found.start >= (whole.end - whole.start) * 0.999 ? null : found;
    });
  const shown = span ?? whole;
  const by = (change: (now: Span) => Span) => () => look(change);
  const shift = (share: number) =>
    by(({ start, end }) => ({ start: start + share * (end - start), end: end + share * (end - start) }));
  return (
    <Section
      title="Light curve, down to every sample"
      note="Drag over a window to look closer, or turn the wheel after a click into the curve; Shift and drag moves it."
    >
      <div className="mb-2 flex flex-wrap items-end gap-2">
        <Choose
          label="Visit"
          value={visit}
          options={visits}
          change={(next) => {
            setSpan(null);
            set({ visit: next, from: null, till: null });
          }}
        />
        <Choose
          label="Detector"
          value={detector}
          options={[
            ['fgs1', 'FGS1'],
            ['airs', 'AIRS-CH0'],
          ]}
          change={(next) => set({ detector: next })}
        />
        <span className="flex flex-wrap gap-1">
          <button type="button" className="control" onClick={shift(-0.5)}>
            ‹ Earlier
          </button>
          <button type="button" className="control" onClick={shift(0.5)}>
            Later ›
          </button>
          <button
            type="button"
            className="control"
            aria-label="Zoom in"
            onClick={by((now) => scaled(now, 0.5))}
          >
            +
          </button>
          <button
            type="button"
            className="control"
            aria-label="Zoom out"
            onClick={by((now) => scaled(now, 2))}
          >
            −
          </button>
          <button type="button" className="control" onClick={() => look(null)} disabled={!span}>
            Whole visit
          </button>
        </span>
      </div>
      {answer.error && <Failure error={answer.error} again={answer.reload} />}
      {!data && answer.loading && <Waiting what="Reading the light curve" />}
      {data && shown && (
        <>
          <Curve window={data} span={shown} look={look} name={`${planet}-${visit}-${detector}`} />
          <p className="text-sm text-soft" role="status">
            {(shown.end - shown.start).toFixed(shown.end - shown.start < 0.1 ? 4 : 2)} h,{' '}
            {plural(data.samples, 'sample')}
            {data.each > 1
              ? `, ${data.each} in a point with their extremes shaded`
              : ': every sample is drawn'}
            ; {data.finest}.
          </p>
        </>
      )}
    </Section>
  );
}
