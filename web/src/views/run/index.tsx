import { Link, useParams } from 'wouter';
import { to } from '../../app/address';
import { at } from '../../app/api';
import { useLive, useVersion } from '../../app/changes';
import { ago } from '../../app/format';
import type { RunDetail } from '../../app/types';
import { useAnswer } from '../../app/useAnswer';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { Waiting } from '../../parts/Waiting';
import { Environment } from './Environment';
import { Files } from './Files';
import { Head } from './Head';
import { Log } from './Log';
import { Metrics } from './Metrics';
import { Settings } from './Settings';

function Detail({ detail }: { detail: RunDetail }) {
  const live = useLive();
  const run = live(detail.row);
  return (
    <>
      <Head run={run} overrides={detail.overrides} seed={detail.seed} />
      <Metrics of={detail.metrics} />
      <Log folder={run.folder} runId={run.run_id} running={run.state === 'running'} />
      <Settings of={detail.settings} problem={detail.settings_problem} />
      <Files of={detail.files} running={run.state === 'running'} />
      <Environment of={detail.environment} />
    </>
  );
}

/** One command, whole: how it went, what it was told, what it wrote. */
export default function Run() {
  const { folder, runId } = useParams<{ folder: string; runId: string }>();
  const answer = useAnswer(at.run(folder, runId), { version: useVersion(folder) });
  const row = answer.data?.row;
  return (
    <Page
      title={row ? row.command : runId}
      over={
        <>
          <Link href={to.runs()}>Runs</Link> / <Link href={to.folder(folder)}>{folder}</Link>
          {row && ` / ${ago(row.started)}`}
        </>
      }
      actions={
        <Link
          href={`/?pick=${encodeURIComponent(`${folder}:${runId}`)}`}
          className="control no-underline"
        >
          Compare with …
        </Link>
      }
    >
      {answer.error && <Failure error={answer.error} again={answer.reload} />}
      {answer.data ? (
        <Detail detail={answer.data} />
      ) : (
        answer.loading && <Waiting what="Reading the run" />
      )}
    </Page>
  );
}
