import { Link, useParams } from 'wouter';

import { to, useAddress } from '../../app/address';
import { at, csv } from '../../app/api';
import { useVersion } from '../../app/changes';
import { Card } from '../../app/tremor';
import { useAnswer } from '../../app/useAnswer';
import { Download } from '../../parts/Download';
import { Empty } from '../../parts/Empty';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { Pages } from '../../parts/Pages';
import { Problems } from '../../parts/Problems';
import { SearchField } from '../../parts/SearchField';
import { Waiting } from '../../parts/Waiting';
import { PlanetsTable } from './PlanetsTable';

const SIZE = 50;

/** Planets of the prediction, the worst first: searched, sorted, page by page. */
export default function Planets() {
  const { folder } = useParams<{ folder: string }>();
  const address = useAddress();
  const page = address.count('page', 1);
  const asked = { search: address.get('search'), sort: address.get('sort', 'score') };
  const answer = useAnswer(at.planets(folder, { ...asked, page, size: SIZE }), {
    version: useVersion(folder),
    keep: true,
  });
  const { data } = answer;
  return (
    <Page
      title="Planets"
      over={<Link href={to.folder(folder)}>{folder}</Link>}
      actions={<Download href={csv.planets(folder, asked)} />}
    >
      <SearchField
        label="Find planets by a part of their id"
        className="max-w-xs"
        value={asked.search}
        change={(search) => address.set({ search, page: null }, { replace: true })}
      />
      {answer.error && <Failure error={answer.error} again={answer.reload} />}
      {data && <Problems of={data.problems} />}
      {!data && answer.loading && <Waiting what="Reading the planets" />}
      {data && (
        <Card className="grid gap-3" aria-busy={answer.loading}>
          {data.rows.length > 0 ? (
            <PlanetsTable
              folder={folder}
              rows={data.rows}
              sort={asked.sort}
              onSort={(sort) => address.set({ sort, page: null })}
            />
          ) : asked.search ? (
            <Empty what="No planet matches" reason={`No planet's id has "${asked.search}" in it.`} />
          ) : (
            <Empty
              what="No planets yet"
              reason="There is no prediction in this folder."
              command="spectramind predict"
            />
          )}
          <Pages
            page={page}
            size={SIZE}
            total={data.total}
            what="planet"
            turn={(next) => address.set({ page: next })}
          />
        </Card>
      )}
    </Page>
  );
}
