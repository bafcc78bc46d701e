import { Link } from 'wouter';
import { to, useAddress } from '../../app/address';
import { at } from '../../app/api';
import { useVersion } from '../../app/changes';
import type { Comparison } from '../../app/types';
import { useAnswer } from '../../app/useAnswer';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { Problems } from '../../parts/Problems';
import { Section } from '../../parts/Section';
import { Waiting } from '../../parts/Waiting';
import { Paired } from './Paired';
import { Reliability } from './Reliability';
import { RunsCompared } from './RunsCompared';
import { Scatter } from './Scatter';
import { SettingsCompared } from './SettingsCompared';
import { Spectra } from './Spectra';

function Compared({
  of,
  runs,
  drop,
}: {
  of: Comparison;
  runs: string[];
  drop: (run: string) => void;
}) {
  return (
    <>
      <Problems of={of.problems} />
      <RunsCompared of={of} drop={drop} />
      <SettingsCompared of={of} />
      <Paired of={of.paired} />
      <Scatter of={of} />
      <Spectra of={of} runs={runs} />
      <Reliability of={of.reliability} />
    </>
  );
}

/** Two or more runs side by side. */
export default function Compare() {
  const address = useAddress();
  const runs = address.all('run');
  const enough = runs.length >= 2;
  const version = useVersion();
  const answer = useAnswer(enough ? at.compare(runs) : null, { version, keep: true });
  const drop = (run: string) => address.set({ run: runs.filter((one) => one !== run) });
  const choose = `/?${runs.map((run) => `pick=${encodeURIComponent(run)}`).join('&')}`;
  return (
    <Page
      title="Compare"
      actions={
        <Link href={choose} className="control no-underline">
          Choose runs
        </Link>
      }
    >
      {!enough && (
        <Section title="Which runs?">
          <p>
            Tick two or more in{' '}
            <Link href={runs.length > 0 ? choose : to.runs()}>the table of runs</Link>, then press
            Compare. Predictions are compared, so runs of <code>score</code> or <code>train</code>{' '}
            tell most.
          </p>
        </Section>
      )}
      {answer.error && <Failure error={answer.error} again={answer.reload} />}
      {enough && !answer.data && answer.loading && <Waiting what="Comparing" />}
      {enough && answer.data && <Compared of={answer.data} runs={runs} drop={drop} />}
    </Page>
  );
}
