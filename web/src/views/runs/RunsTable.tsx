import { Link } from 'wouter';
import { to } from '../../app/address';
import { ago, duration, number, percent, when } from '../../app/format';
import type { RunRow } from '../../app/types';
import { useNow } from '../../app/useNow';
import { type Column, DataTable } from '../../parts/DataTable';
import { Progress } from '../../parts/Progress';
import { RunState } from '../../parts/RunState';

export const keyOf = (run: RunRow) => `${run.folder}:${run.run_id}`;

const WIDE = 'hidden md:table-cell';
const WIDEST = 'hidden xl:table-cell';

function Name({ run, now }: { run: RunRow; now: number }) {
  return (
    <div className="min-w-[9rem] max-w-md whitespace-normal">
      <Link href={to.run(run.folder, run.run_id)} className="font-semibold">
        {run.command}
      </Link>
      <span className="block text-xs text-soft md:hidden">
        {run.folder} · {ago(run.started, now)}
      </span>
      {run.state === 'running' && <Progress run={run} now={now} />}
      {run.message !== null && run.message !== '' && (
        <span
          className="line-clamp-2 text-xs text-soft [overflow-wrap:anywhere]"
          title={run.message}
        >
          {run.message}
        </span>
      )}
    </div>
  );
}

function Hash({ run }: { run: RunRow }) {
  if (run.science_hash === null) return null;
  return (
    <code title={`science hash ${run.science_hash}, config hash ${run.config_hash ?? 'not kept'}`}>
      {run.science_hash.slice(0, 8)}
    </code>
  );
}

/** Most commands have no score: a column of dashes would hide those that do. */
function known(value: number | null, write: (value: number) => string): string {
  return value === null ? '' : write(value);
}

function columns(now: number): readonly Column<RunRow>[] {
  return [
    { key: 'state', title: 'State', sort: 'state', cell: (run) => <RunState state={run.state} /> },
    {
      key: 'command',
      title: 'Command',
      sort: 'command',
      cell: (run) => <Name run={run} now={now} />,
    },
    {
      key: 'folder',
      title: 'Folder',
      sort: 'folder',
      className: WIDE,
      cell: (run) => <Link href={to.folder(run.folder)}>{run.folder}</Link>,
    },
    {
      key: 'started',
      title: 'Started',
      sort: 'started',
      className: WIDE,
      cell: (run) => (
        <time dateTime={run.started} title={when(run.started)}>
          {ago(run.started, now)}
        </time>
      ),
    },
    {
      key: 'duration',
      title: 'Took',
      sort: 'duration_s',
      numeric: true,
      className: WIDE,
      cell: (run) => duration(run.duration_s),
    },
    { key: 'hash', title: 'Science', className: WIDEST, cell: (run) => <Hash run={run} /> },
    {
      key: 'score',
      title: 'Score',
      sort: 'score',
      numeric: true,
      cell: (run) => known(run.score, number),
    },
    {
      key: 'coverage',
      title: <abbr title="share of errors within 1 sigma; 68.3 % is nominal">Coverage</abbr>,
      sort: 'coverage',
      numeric: true,
      className: WIDE,
      cell: (run) => known(run.coverage, percent),
    },
    {
      key: 'warnings',
      title: 'Warnings',
      sort: 'warnings',
      numeric: true,
      className: WIDE,
      cell: (run) => run.warnings > 0 && <b className="text-warn">{run.warnings}</b>,
    },
  ];
}

interface Props {
  rows: readonly RunRow[];
  sort: string;
  onSort: (key: string) => void;
  picked: readonly string[];
  pick: (key: string, on: boolean) => void;
}

/** Every command, one a row; running ones move. */
export function RunsTable({ rows, sort, onSort, picked, pick }: Props) {
  const now = useNow();
  const choose: Column<RunRow> = {
    key: 'pick',
    title: <span className="unseen">Compare</span>,
    cell: (run) => (
      <input
        type="checkbox"
        aria-label={`Compare ${run.command} of ${run.folder}, ${ago(run.started, now)}`}
        checked={picked.includes(keyOf(run))}
        onChange={(event) => pick(keyOf(run), event.target.checked)}
      />
    ),
  };
  return (
    <DataTable
      caption="Commands of all work folders"
      columns={[choose, ...columns(now)]}
      rows={rows}
      id={keyOf}
      sorted={sort}
      onSort={onSort}
      marked={(run) => picked.includes(keyOf(run))}
    />
  );
}
