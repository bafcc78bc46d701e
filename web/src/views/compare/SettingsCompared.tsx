import { plural } from '../../app/format';
import type { Comparison } from '../../app/types';
import { type Column, DataTable } from '../../parts/DataTable';
import { Section } from '../../parts/Section';
import { written } from '../../parts/setting';

type Difference = Comparison['settings'][number];
const CELL = 'whitespace-normal [overflow-wrap:anywhere]';

/** Settings that differ, key by key. */
export function SettingsCompared({ of }: { of: Comparison }) {
  const columns: readonly Column<Difference>[] = [
    { key: 'key', title: 'Setting', className: CELL, cell: (row) => <code>{row.key}</code> },
    ...of.names.map((name, index) => ({
      key: `run ${index}`,
      title: name,
      className: CELL,
      cell: (row: Difference) => {
        const value = row.values[index];
        return value === null || value === undefined ? (
          <span className="text-soft">not kept</span>
        ) : (
          <code>{written(value)}</code>
        );
      },
    })),
  ];
  return (
    <Section
      title="Settings that differ"
      note={of.settings.length > 0 ? plural(of.settings.length, 'setting') : undefined}
    >
      {of.settings.length > 0 ? (
        <DataTable
          caption="Settings that differ"
          columns={columns}
          rows={of.settings}
          id={(row) => row.key}
        />
      ) : (
        <p className="text-soft">None of those that were kept.</p>
      )}
    </Section>
  );
}
