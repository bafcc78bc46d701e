import { duration, until } from '../app/format';
import { Bar } from '../app/tremor';
import type { RunRow } from '../app/types';

/** How far a running command's loops are, the outermost first, and when it is forecast to end. */
export function Progress({ run, now }: { run: RunRow; now: number }) {
  return (
    <div className="grid gap-1 text-xs text-soft">
      {run.stages.map((stage) => {
        const share = stage.total > 0 ? stage.done / stage.total : 0;
        return (
          <div key={stage.name}>
            <div className="flex gap-2">
              <span className="min-w-0 grow truncate">{stage.name}</span>
              <span className="tabular-nums">
                {stage.done.toLocaleString('en')} of {stage.total.toLocaleString('en')}
                {stage.left_s !== null && `, ${duration(stage.left_s)} left`}
              </span>
            </div>
            <Bar share={share} label={`${run.command}: ${stage.name}`} />
          </div>
        );
      })}
      {run.ends !== null && <span title={run.ends}>ends {until(run.ends, now)}</span>}
    </div>
  );
}
