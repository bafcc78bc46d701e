import { useState } from 'react';
import { Link } from 'wouter';
import { to, useAddress } from '../../app/address';
import { at, csv } from '../../app/api';
import { useLive, useVersion } from '../../app/changes';
import { Card } from '../../app/tremor';
import { useAnswer } from '../../app/useAnswer';
import { Download } from '../../parts/Download';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { Pages } from '../../parts/Pages';
import { Problems } from '../../parts/Problems';
import { Waiting } from '../../parts/Waiting';
import { type Filter, Filters } from './Filters';
import { RunsTable } from './RunsTable';

const SIZE = 50;

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty what="No run matches" reason="Nothing here fits all of the filters above." />
  ) : (
    <Empty
      what="No command has run here yet"
      reason="Every command of a work folder appears here from its first second."
      command="spectramind simulate experiment=smoke"
    />
  );
}

/** What is ticked and what to do with it; stays in sight while one scrolls for the next. */
function Ticked({ picked, clear }: { picked: readonly string[]; clear: () => void }) {
  if (picked.length === 0) return null;
  return (
    <div
      role="region"
      aria-label="Ticked runs"
      className="screen sticky bottom-3 z-[1] flex flex-wrap items-center gap-2 rounded-lg border border-line bg-panel px-3 py-2 shadow-lg"
    >
      <span className="grow text-sm" aria-live="polite">
        {picked.length < 2 ? 'Tick one more to compare' : `${picked.length} runs ticked`}
      </span>
      <button type="button" className="control" onClick={clear}>
        Untick
      </button>
      {picked.length >= 2 && (
        <Link href={to.compare(picked)} className="control primary no-underline">
          Compare
        </Link>
      )}
    </div>
  );
}

/** All values met since the view was opened: a filter must not take its own choices away. */
function useSeen(values: readonly string[]): readonly string[] {
  const [seen, setSeen] = useState<readonly string[]>([]);
  const fresh = values.filter((value) => !seen.includes(value));
  if (fresh.length > 0) setSeen([...new Set([...seen, ...fresh])].sort());
  return seen;
}

/** The first page: every command of every work folder. */
export default function Runs() {
  const address = useAddress();
  const live = useLive();
  const page = address.count('page', 1);
  const sort = address.get('sort', '-started');
  const picked = address.all('pick');
  const filter: Filter = {
    folder: address.get('folder'),
    state: address.get('state'),
    command: address.get('command'),
    search: address.get('search'),
  };
  const asked = { ...filter, sort };
  const answer = useAnswer(at.runs({ ...asked, page, size: SIZE }), {
    version: useVersion(),
    keep: true,
  });
  const rows = answer.data?.rows.map(live);
  const commands = useSeen(answer.data?.rows.map((run) => run.command) ?? []);
  const pick = (key: string, on: boolean) =>
    address.set(
      { pick: on ? [...picked, key] : picked.filter((one) => one !== key) },
      { replace: true },
    );
  return (
    <Page title="Runs" actions={<Download href={csv.runs(asked)} />}>
      <Filters filter={filter} set={address.set} commands={commands} />
      {answer.error && <Failure error={answer.error} again={answer.reload} />}
      {answer.data && <Problems of={answer.data.problems} />}
      {rows === undefined && answer.loading && <Waiting what="Reading the runs" />}
      {rows !== undefined && (
        <Card className="grid gap-3" aria-busy={answer.loading}>
          {rows.length > 0 ? (
            <RunsTable
              rows={rows}
              sort={sort}
              onSort={(key) => address.set({ sort: key, page: null })}
              picked={picked}
              pick={pick}
            />
          ) : (
            <Nothing filtered={Object.values(filter).some(Boolean)} />
          )}
          <Pages
            page={page}
            size={SIZE}
            total={answer.data?.total ?? 0}
            what="run"
            turn={(next) => address.set({ page: next })}
          />
        </Card>
      )}
      <Ticked picked={picked} clear={() => address.set({ pick: null }, { replace: true })} />
    </Page>
  );
}
