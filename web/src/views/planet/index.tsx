import { type ReactNode, useEffect } from 'react';
import { Link, useLocation, useParams } from 'wouter';

import { to, useAddress } from '../../app/address';
import { at } from '../../app/api';
import { number } from '../../app/format';
import { useVersion } from '../../app/changes';
import type { PlanetView } from '../../app/types';
import { useAnswer } from '../../app/useAnswer';
import { Facts } from '../../parts/Facts';
import { Failure } from '../../parts/Failure';
import { Page } from '../../parts/Page';
import { PanelCard } from '../../parts/PanelCard';
import { Section } from '../../parts/Section';
import { Waiting } from '../../parts/Waiting';
import { Explorer } from './Explorer';

/** The neighbours in the list that the planet was opened from; brackets as keys, too. */
function Steps({ folder, view, sort }: { folder: string; view: PlanetView; sort: string }) {
  const [, go] = useLocation();
  const address = (id: string) => `${to.planet(folder, id)}?sort=${encodeURIComponent(sort)}`;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { target } = event;
      if (target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
      const next = { '[': view.previous, ']': view.next }[event.key];
      if (next && !event.ctrlKey && !event.metaKey && !event.altKey)
        go(`${to.planet(folder, next)}?sort=${encodeURIComponent(sort)}`);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [folder, view, sort, go]);
  const step = (id: string | null, words: string, key: string): ReactNode =>
    id ? (
      <Link href={address(id)} className="control no-underline" title={`${id}, key ${key}`}>
        {words}
      </Link>
    ) : (
      <button type="button" className="control" disabled>
        {words}
      </button>
    );
  return (
    <>
      {step(view.previous, '‹ Previous', '[')}
      {step(view.next, 'Next ›', ']')}
    </>
  );
}

function Shown({ folder, view }: { folder: string; view: PlanetView }) {
  const { row } = view;
  return (
    <>
      <Section title="In short" note={view.note}>
        <Facts
          of={[
            ['score', number(row.score)],
            ['σ, median bin', `${Math.round(row.sigma_ppm).toLocaleString('en')} ppm`],
            ['depth, mean bin', `${Math.round(row.depth_ppm).toLocaleString('en')} ppm`],
            ['visits', String(row.visits)],
            ...(row.doubt ? ([['doubted', row.doubt]] as const) : []),
          ]}
        />
      </Section>
      {view.panels
        .filter((panel) => panel.topic === 'overview')
        .map((panel) => (
          <PanelCard key={panel.anchor} folder={folder} panel={panel} />
        ))}
      {view.visits.length > 0 && <Explorer folder={folder} planet={view.planet_id} visits={view.visits} />}
      {view.panels
        .filter((panel) => panel.topic !== 'overview')
        .map((panel) => (
          <PanelCard key={panel.anchor} folder={folder} panel={panel} />
        ))}
    </>
  );
}

/** One planet: its spectrum, its light, and what is said of it. */
export default function Planet() {
  const { folder, planetId } = useParams<{ folder: string; planetId: string }>();
  const sort = useAddress().get('sort', 'score');
  const answer = useAnswer(at.planet(folder, planetId, { sort }), { version: useVersion(folder) });
  const { data } = answer;
  return (
    <Page
      title={`Planet ${planetId}`}
      over={
        <>
          <Link href={to.folder(folder)}>{folder}</Link> / <Link href={to.planets(folder)}>planets</Link>
        </>
      }
      actions={data && <Steps folder={folder} view={data} sort={sort} />}
    >
      {answer.error && <Failure error={answer.error} again={answer.reload} />}
      {!data && answer.loading && <Waiting what="Reading the planet" />}
      {data && <Shown folder={folder} view={data} />}
    </Page>
  );
}
