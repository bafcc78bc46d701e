import type { Point } from './hover';
import type { Loop } from './lasso';
import type { Box } from './pen';
import type { Plan } from './plan';

interface Props {
  plan: Plan;
  pointed: Point[];
  chosen: Point[];
  brush: Box | null;
  loop: Loop;
}

/** What comes and goes above a figure: the point that is meant, chosen planets, rectangle and loop. */
export function Overlay({ plan, pointed, chosen, brush, loop }: Props) {
  const { ink } = plan.palette;
  return (
    <svg
      aria-hidden
      className="pointer-events-none absolute left-0 top-0"
      width={plan.width}
      height={plan.height}
    >
      {chosen.map((point, i) => (
        <circle
          key={i}
          cx={point.x}
          cy={point.y}
          r={8.5}
          fill="none"
          stroke={ink}
          strokeWidth={2}
          data-chosen=""
        />
      ))}
      {pointed.map((point, i) =>
        point.box ? (
          <rect key={i} {...point.box} fill="none" stroke={ink} strokeWidth={1.5} />
        ) : (
          <circle key={i} cx={point.x} cy={point.y} r={7} fill="none" stroke={ink} strokeWidth={1.5} />
        ),
      )}
      {brush && <rect {...brush} fill={ink} fillOpacity={0.08} stroke={ink} strokeDasharray="4 3" />}
      {loop.length > 1 && (
        <polygon
          points={loop.map((at) => at.join(',')).join(' ')}
          fill={ink}
          fillOpacity={0.08}
          stroke={ink}
          strokeDasharray="4 3"
        />
      )}
    </svg>
  );
}
