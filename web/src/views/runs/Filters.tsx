import type { AddressState } from '../../app/address';
import { useChanges } from '../../app/changes';
import { Choose } from '../../parts/Choose';
import { STATES } from '../../parts/RunState';
import { SearchField } from '../../parts/SearchField';

export const FILTERS = ['folder', 'state', 'command', 'search'] as const;
export type Filter = Record<(typeof FILTERS)[number], string>;

interface Props {
  filter: Filter;
  set: AddressState['set'];
  /** Commands seen. */
  commands: readonly string[];
}

/** The choices, and what an address asked for even if it is not among them. */
function withOwn(own: string, choices: readonly string[]): readonly string[] {
  return own === '' || choices.includes(own) ? choices : [own, ...choices];
}

/** What the table of runs is narrowed to. */
export function Filters({ filter, set, commands }: Props) {
  const names = Object.keys(useChanges().events).sort();
  const change =
    (name: keyof Filter, replace = false) =>
    (value: string) =>
      set({ [name]: value, page: null }, { replace });
  return (
    <div role="search" className="screen flex flex-wrap items-end gap-3">
      <SearchField
        label="Search"
        value={filter.search}
        change={change('search', true)}
        placeholder="hash, message, run id"
        className="w-full sm:w-56"
      />
      <Choose
        label="Command"
        value={filter.command}
        options={[['', 'all'], ...withOwn(filter.command, commands)]}
        change={change('command')}
      />
      <Choose
        label="Folder"
        value={filter.folder}
        options={[['', 'all'], ...withOwn(filter.folder, names)]}
        change={change('folder')}
      />
      <Choose
        label="State"
        value={filter.state}
        options={[['', 'all'], ...STATES]}
        change={change('state')}
      />
      {Object.values(filter).some(Boolean) && (
        <button
          type="button"
          className="control"
          onClick={() => set({ ...Object.fromEntries(FILTERS.map((f) => [f, null])), page: null })}
        >
          Show all
        </button>
      )}
    </div>
  );
}
