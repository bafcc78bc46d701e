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

function CompareLink({ picked, clear }: { picked: readonly string[]; clear: () => void }) {
  if (picked.length === 0) return null;
  return (
    <>
      <button type="button" className="control" onClick={clear}>
        Choose none
      </button>
      {picked.length < 2 ? (
        <button type="button" className="control primary" disabled>
          Choose one more to compare
        </button>
      ) : (
        <Link href={to.compare(picked)} className="control primary no-underline">
          Compare {picked.length} runs
        </Link>
      )}
    </>
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
    address.set({ pick: on ? [...picked, key] : picked.filter((one) => one !== key) }, { replace: true });
  return (
    <Page
      title="Runs"
      actions={
        <>
          <CompareLink picked={picked} clear={() => address.set({ pick: null }, { replace: true })} />
          <Download href={csv.runs(asked)} />
        </>
      }
    >
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
    </Page>
  );
}
