import { useAddress } from '../../app/address';
import { at, csv } from '../../app/api';
import { useVersion } from '../../app/changes';
import { useAnswer } from '../../app/useAnswer';
import { Download } from '../../parts/Download';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { Pages } from '../../parts/Pages';
import { Problems } from '../../parts/Problems';
import { Waiting } from '../../parts/Waiting';
import { RunsTable } from './RunsTable';

const SIZE = 50;

/** The first page: every command of every work folder. */
export default function Runs() {
  const address = useAddress();
  const page = address.count('page', 1);
  const sort = address.get('sort', '-started');
  const filter = {
    folder: address.get('folder'),
    state: address.get('state'),
    command: address.get('command'),
    search: address.get('search'),
    sort,
  };
  const answer = useAnswer(at.runs({ ...filter, page, size: SIZE }), {
    version: useVersion(),
    keep: true,
  });
  return (
    <Page title="Runs" actions={<Download href={csv.runs(filter)} />}>
      {answer.error && <Failure error={answer.error} again={answer.reload} />}
      {answer.data && <Problems of={answer.data.problems} />}
      {answer.data ? (
        <>
          <RunsTable rows={answer.data.rows} sort={sort} onSort={(key) => address.set({ sort: key, page: null })} />
          <Pages page={page} size={SIZE} total={answer.data.total} what="run" turn={(next) => address.set({ page: next })} />
        </>
      ) : (
        answer.loading && <Waiting />
      )}
    </Page>
  );
}
