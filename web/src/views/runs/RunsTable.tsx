import { Link } from 'wouter';
import { to } from '../../app/address';
import { ago, duration, number, percent, when } from '../../app/format';
import { Badge, type Tone } from '../../app/tremor';
import type { RunRow } from '../../app/types';
import { type Column, DataTable } from '../../parts/DataTable';

const TONES: Record<RunRow['state'], Tone> = {
  running: 'model',
  ok: 'good',
  warn: 'warn',
  fail: 'bad',
  vanished: 'bad',
};

const COLUMNS: readonly Column<RunRow>[] = [
  { key: 'state', title: 'State', cell: (run) => <Badge tone={TONES[run.state]}>{run.state}</Badge> },
  {
    key: 'command',
    title: 'Command',
    sort: 'command',
    cell: (run) => <Link href={to.run(run.folder, run.run_id)}>{run.command}</Link>,
  },
  { key: 'folder', title: 'Folder', sort: 'folder', cell: (run) => <Link href={to.folder(run.folder)}>{run.folder}</Link> },
  { key: 'started', title: 'Started', sort: 'started', cell: (run) => <time dateTime={run.started} title={when(run.started)}>{ago(run.started)}</time> },
  { key: 'duration', title: 'Took', sort: 'duration', numeric: true, cell: (run) => duration(run.duration_s) },
  { key: 'score', title: 'Score', sort: 'score', numeric: true, cell: (run) => number(run.score) },
  { key: 'coverage', title: 'Coverage', sort: 'coverage', numeric: true, cell: (run) => percent(run.coverage) },
];

export function RunsTable({ rows, sort, onSort }: { rows: readonly RunRow[]; sort: string; onSort: (key: string) => void }) {
  return (
    <DataTable caption="Runs" columns={COLUMNS} rows={rows} id={(run) => `${run.folder}:${run.run_id}`} sorted={sort} onSort={onSort} />
  );
}
