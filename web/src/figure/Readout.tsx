import { standOf, wordsOf, type Point } from './hover';
import { markerColours } from './marks/scatter';
import type { Plan } from './plan';
import { Words } from './Words';

const SIDE = 14;

function colourOf(point: Point): string | undefined {
  const { trace, index } = point;
  const own = trace.marker && markerColours(trace.marker, trace.line?.color)(index);
  return own ?? trace.line?.color;
}

/** What stands at the point that is meant, beside it; on the side where there is room. */
export function Readout({ plan, points }: { plan: Plan; points: Point[] }) {
  const [first] = points;
  if (!first) return null;
  const left = first.x > plan.width / 2;
  const at = left ? { right: plan.width - first.x + SIDE } : { left: first.x + SIDE };
  const top = Math.max(0, Math.min(first.y - 20, plan.height - 24 * points.length - 40));
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute z-10 max-w-[20rem] rounded-md border border-line bg-panel px-2.5 py-1.5 text-xs tabular-nums text-ink shadow-sm"
      style={{ ...at, top }}
    >
      {points.length > 1 && <div className="text-soft">{standOf(plan, first)}</div>}
      {points.map((point, i) => (
        <div key={i} className="flex gap-2">
          {points.length > 1 && (
            <span className="mt-1 h-2 w-2 shrink-0 rounded-full" style={{ background: colourOf(point) }} />
          )}
          <span className="[overflow-wrap:anywhere]">
            <Words text={wordsOf(plan, point, points.length > 1)} />
          </span>
        </div>
      ))}
    </div>
  );
}
