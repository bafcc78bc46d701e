import { useEffect } from 'react';
import { Link, useParams } from 'wouter';

import { to } from '../../app/address';
import { at } from '../../app/api';
import { useChanges, useVersion } from '../../app/changes';
import { useAnswer } from '../../app/useAnswer';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { PanelCard } from '../../parts/PanelCard';
import { Waiting } from '../../parts/Waiting';
import { TopicLinks } from './TopicLinks';

/** Grows with every event of a folder, and on the page of training with every step of a run. */
function useTopicVersion(folder: string, topic: string): string {
  const events = useVersion(folder);
  const { running } = useChanges();
  if (topic !== 'runs') return events;
  const steps = running.filter((run) => run.folder === folder && run.command.startsWith('train'));
  return [events, ...steps.map((run) => run.stages.at(-1)?.done ?? 0)].join(' ');
}

/** All panels of a topic of ``spectramind diagnose``. */
export default function Topic() {
  const { folder, topic } = useParams<{ folder: string; topic: string }>();
  const answer = useAnswer(at.topic(folder, topic), { version: useTopicVersion(folder, topic) });
  const { data } = answer;
  const anchor = location.hash.slice(1);
  // A link to a panel: it is there only now.
  useEffect(() => {
    if (data && anchor) document.getElementById(anchor)?.scrollIntoView();
  }, [data, anchor]);
  return (
    <Page title={data?.title ?? topic} over={<Link href={to.folder(folder)}>{folder}</Link>}>
      <TopicLinks folder={folder} topic={topic} />
      {answer.error && <Failure error={answer.error} again={answer.reload} />}
      {!data && answer.loading && <Waiting what="Laying out the panels" />}
      {data?.panels.map((panel) => (
        <PanelCard key={panel.anchor} folder={folder} panel={panel} />
      ))}
    </Page>
  );
}
