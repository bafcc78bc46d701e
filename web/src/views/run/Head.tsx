import { duration, number, percent, when } from '../../app/format';
import { Card } from '../../app/tremor';
import type { RunRow } from '../../app/types';
import { useNow } from '../../app/useNow';
import { Copy } from '../../parts/Copy';
import { Facts } from '../../parts/Facts';
import { Progress } from '../../parts/Progress';
import { RunState } from '../../parts/RunState';

/** As one types it: what a shell would take apart stands in quotes. */
export function commandLine(command: string, overrides: readonly string[]): string {
  const quoted = overrides.map((text) =>
    /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`,
  );
  return ['spectramind', command, ...quoted].join(' ');
}

interface Props {
  run: RunRow;
  overrides: readonly string[];
  seed: number | null;
}

/** How a command goes or went, and the line that runs it again. */
export function Head({ run, overrides, seed }: Props) {
  const now = useNow();
  const line = commandLine(run.command, overrides);
  const code = (text: string | null) => (text === null ? 'not kept' : <code>{text}</code>);
  return (
    <Card className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <Facts
        of={[
          ['State', <RunState key="state" state={run.state} />],
          ['Started', when(run.started)],
          [run.state === 'running' ? 'Running for' : 'Took', duration(run.duration_s)],
          ...(run.score === null ? [] : [['Score', number(run.score)] as const]),
          ...(run.coverage === null ? [] : [['Within 1 sigma', percent(run.coverage)] as const]),
          ['Science hash', code(run.science_hash)],
          ['Config hash', code(run.config_hash)],
          [
            'Code',
            <code key="git" title={run.git ?? ''}>
              {run.git?.slice(0, 10) ?? 'not kept'}
            </code>,
          ],
          ['Seed', seed ?? 'none'],
        ]}
      />
      {run.state === 'running' && <Progress run={run} now={now} />}
      {run.state === 'vanished' && (
        <p>
          It left no last word: its process is gone, or has not moved for 30 s. Its log, below, says
          how far it came.
        </p>
      )}
      {run.message !== null && run.message !== '' && (
        <p
          className={`badge rounded-lg px-3 py-2 ${run.state === 'fail' ? 'tone-bad' : 'tone-warn'}`}
        >
          <span className="whitespace-pre-wrap text-ink [overflow-wrap:anywhere]">
            {run.message}
          </span>
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <code className="min-w-0 rounded bg-page px-2 py-1 [overflow-wrap:anywhere]">{line}</code>
        <Copy text={line} />
      </div>
    </Card>
  );
}
