import { plural } from '../../app/format';
import type { Comparison } from '../../app/types';
import { type Column, DataTable } from '../../parts/DataTable';
import { Section } from '../../parts/Section';
import { written } from '../../parts/setting';
import { type Difference, parted } from './places';

const CELL = 'min-w-[9rem] whitespace-normal [overflow-wrap:anywhere]';

function columns(names: readonly string[]): readonly Column<Difference>[] {
  return [
    { key: 'key', title: 'Setting', className: CELL, cell: (row) => <code>{row.key}</code> },
    ...names.map((name, index) => ({
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
}

/** Settings that differ, key by key; those that only name each run's own folder stand apart. */
export function SettingsCompared({ of }: { of: Comparison }) {
  const { real, places } = parted(of.settings);
  const shown = columns(of.names);
  return (
    <Section
      title="Settings that differ"
      note={real.length > 0 ? plural(real.length, 'setting') : undefined}
    >
      {real.length > 0 ? (
        <DataTable caption="Settings that differ" columns={shown} rows={real} id={(row) => row.key} />
      ) : (
        <p className="text-soft">
          {of.settings.length > 0 ? 'None but their folders.' : 'None of those that were kept.'}
        </p>
      )}
      {places.length > 0 && (
        <details className="mt-3">
          <summary className="cursor-pointer text-sm text-soft">
            {plural(places.length, 'path')} that only {places.length === 1 ? 'names' : 'name'} each
            run’s own folder
          </summary>
          <DataTable caption="Paths that differ" columns={shown} rows={places} id={(row) => row.key} />
        </details>
      )}
    </Section>
  );
}
