import { number } from '../app/format';

export interface Interval {
  name: string;
  value: number;
  low: number;
  high: number;
  /** Tells good from bad, where the whole interval lies on one side of zero. */
  tone?: 'good' | 'bad' | 'model';
}

interface Props {
  of: readonly Interval[];
  /** Ends of the scale. */
  from: number;
  to: number;
  /** A line to compare with, e.g. zero. */
  mark?: number;
  digits?: number;
}

const FILL = { good: 'bg-good', bad: 'bg-bad', model: 'bg-model' } as const;

/** Values with their intervals over one scale, as in the report page. */
export function Whiskers({ of, from, to, mark, digits = 3 }: Props) {
  const place = (value: number) =>
    `${(100 * Math.min(1, Math.max(0, (value - from) / (to - from)))).toFixed(3)}%`;
  return (
    <div className="grid grid-cols-[fit-content(45%)_minmax(4rem,1fr)_max-content] items-center gap-x-4 gap-y-2 text-sm">
      {of.map((one) => {
        const fill = one.tone ? FILL[one.tone] : 'bg-reference';
        const ends = `${number(one.low, digits)} to ${number(one.high, digits)}`;
        return (
          <div key={one.name} className="contents">
            <span className="[overflow-wrap:anywhere]">{one.name}</span>
            <span className="relative h-0.5 bg-grid" aria-hidden>
              {mark !== undefined && (
                <span
                  className="absolute -top-2 h-[18px] w-px bg-soft"
                  style={{ left: place(mark) }}
                />
              )}
              <span
                className={`absolute -top-1 h-2.5 rounded-full opacity-40 ${fill}`}
                style={{ left: place(one.low), right: `calc(100% - ${place(one.high)})` }}
              />
              <span
                className={`absolute -top-[5px] -ml-1.5 h-3 w-3 rounded-full border-2 border-panel ${fill}`}
                style={{ left: place(one.value) }}
              />
            </span>
            <span className="text-right tabular-nums">
              <b>{number(one.value, digits)}</b>{' '}
              <span className="block text-xs text-soft sm:inline sm:text-sm">{ends}</span>
            </span>
          </div>
        );
      })}
    </div>
  );
}
