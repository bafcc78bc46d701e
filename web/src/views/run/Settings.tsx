import { useState } from 'react';
import { plural } from '../../app/format';
import { Empty } from '../../parts/Empty';
import { SearchField } from '../../parts/SearchField';
import { Section } from '../../parts/Section';
import { written } from '../../parts/setting';

const FIRST = 20;

/** What the command was told, resolved, by dotted key. */
export function Settings({ of, problem }: { of: Record<string, unknown>; problem: string | null }) {
  const [search, setSearch] = useState('');
  const [all, setAll] = useState(false);
  const entries = Object.entries(of).sort(([a], [b]) => a.localeCompare(b));
  if (problem !== null || entries.length === 0) {
    return (
      <Section title="Settings">
        <Empty
          what="The settings of this run are not there"
          reason={problem ?? 'None were kept.'}
        />
      </Section>
    );
  }
  const wanted = search.toLowerCase();
  const found = entries.filter(([key, value]) =>
    `${key} ${written(value)}`.toLowerCase().includes(wanted),
  );
  const shown = all || wanted ? found : found.slice(0, FIRST);
  return (
    <Section
      title="Settings"
      note={`${plural(entries.length, 'setting')}, as they were resolved.`}
      actions={
        <SearchField
          label="Search the settings"
          value={search}
          change={setSearch}
          className="w-56"
        />
      }
    >
      <dl className="grid gap-x-6 sm:grid-cols-[minmax(12rem,max-content)_minmax(0,1fr)]">
        {shown.map(([key, value]) => (
          <div key={key} className="contents">
            <dt className="pt-1 sm:border-b sm:border-grid sm:pb-1">
              <code className="text-soft [overflow-wrap:anywhere]">{key}</code>
            </dt>
            <dd className="border-b border-grid pb-1 sm:pt-1">
              <code className="[overflow-wrap:anywhere]">{written(value)}</code>
            </dd>
          </div>
        ))}
      </dl>
      {found.length === 0 && <p className="text-soft">No setting or value has “{search}” in it.</p>}
      {shown.length < found.length && (
        <button type="button" className="control screen mt-3" onClick={() => setAll(true)}>
          Show all {found.length}
        </button>
      )}
    </Section>
  );
}
