import { Link } from 'wouter';
import { to } from '../../app/address';
import { ago, duration, number, percent, when } from '../../app/format';
import type { Comparison, RunRow } from '../../app/types';
import { type Column, DataTable } from '../../parts/DataTable';
import { RunState } from '../../parts/RunState';
import { Section } from '../../parts/Section';

interface Named {
  name: string;
  run: RunRow;
}

const COLUMNS: readonly Column<Named>[] = [
  {
    key: 'name',
    title: 'Name here',
    cell: ({ name, run }) => (
      <Link href={to.run(run.folder, run.run_id)} className="font-semibold">
        {name}
      </Link>
    ),
  },
  { key: 'state', title: 'State', cell: ({ run }) => <RunState state={run.state} /> },
  { key: 'command', title: 'Command', cell: ({ run }) => run.command },
  {
    key: 'folder',
    title: 'Folder',
    cell: ({ run }) => <Link href={to.folder(run.folder)}>{run.folder}</Link>,
  },
  {
    key: 'started',
    title: 'Started',
    cell: ({ run }) => <time title={when(run.started)}>{ago(run.started)}</time>,
  },
  { key: 'took', title: 'Took', numeric: true, cell: ({ run }) => duration(run.duration_s) },
  { key: 'score', title: 'Score', numeric: true, cell: ({ run }) => number(run.score) },
  { key: 'coverage', title: 'Coverage', numeric: true, cell: ({ run }) => percent(run.coverage) },
  {
    key: 'hash',
    title: 'Science',
    cell: ({ run }) => (
      <code title={run.science_hash ?? ''}>{run.science_hash?.slice(0, 8) ?? '–'}</code>
    ),
  },
];

/** Which runs these are. */
export function RunsCompared({ of, drop }: { of: Comparison; drop: (run: string) => void }) {
  const rows = of.runs.map((run, index) => ({ run, name: of.names[index] ?? run.run_id }));
  const remove: Column<Named> = {
    key: 'remove',
    title: <span className="unseen">Take out</span>,
    cell: ({ run, name }) => (
      <button
        type="button"
        className="control screen"
        aria-label={`Take ${name} out`}
        onClick={() => drop(`${run.folder}:${run.run_id}`)}
      >
        <span aria-hidden>✕</span>
      </button>
    ),
  };
  return (
    <Section title="Runs">
      <DataTable
        caption="Runs compared"
        columns={[...COLUMNS, remove]}
        rows={rows}
        id={({ run }) => `${run.folder}:${run.run_id}`}
      />
    </Section>
  );
}
