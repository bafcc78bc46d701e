import { Link, useParams } from 'wouter';
import { to } from '../../app/address';
import { at } from '../../app/api';
import { useVersion } from '../../app/changes';
import type { FolderView } from '../../app/types';
import { useAnswer } from '../../app/useAnswer';
import { Facts } from '../../parts/Facts';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { Problems } from '../../parts/Problems';
import { Section } from '../../parts/Section';
import { Waiting } from '../../parts/Waiting';
import { Running } from './Running';
import { Topics } from './Topics';
import { Verdict } from './Verdict';

function Shown({ view }: { view: FolderView }) {
  const provenance = Object.entries(view.provenance);
  return (
    <>
      <Problems of={view.problems} />
      <Running folder={view.folder.name} />
      <Verdict view={view} />
      <Topics folder={view.folder.name} of={view.topics} />
      {provenance.length > 0 && (
        <Section title="Where it comes from">
          <Facts
            of={provenance.map(([name, value]) => [name, <code key={name}>{value}</code>] as const)}
          />
        </Section>
      )}
    </>
  );
}

/** A work folder's first screen, in words: is the run good, and what is wrong with it. */
export default function Folder() {
  const { folder } = useParams<{ folder: string }>();
  const answer = useAnswer(at.folder(folder), { version: useVersion(folder) });
  return (
    <Page
      title={folder}
      over={answer.data?.folder.path ?? 'Work folder'}
      actions={
        <>
          <Link href={to.planets(folder)} className="control no-underline">
            Planets
          </Link>
          <Link href={`/?folder=${encodeURIComponent(folder)}`} className="control no-underline">
            Runs
          </Link>
        </>
      }
    >
      {answer.error && <Failure error={answer.error} again={answer.reload} />}
      {answer.data ? (
        <Shown view={answer.data} />
      ) : (
        answer.loading && <Waiting what="Reading the folder" />
      )}
    </Page>
  );
}
