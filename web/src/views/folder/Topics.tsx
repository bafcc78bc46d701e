import { Link } from 'wouter';
import { to } from '../../app/address';
import { plural } from '../../app/format';
import type { TopicRow } from '../../app/types';
import { Section } from '../../parts/Section';

/** The topics of ``spectramind diagnose``, and how much each has to show. */
export function Topics({ folder, of }: { folder: string; of: readonly TopicRow[] }) {
  if (of.length === 0) return null;
  return (
    <Section title="Topics">
      <ul className="grid gap-2 sm:grid-cols-[repeat(auto-fill,minmax(15rem,1fr))]">
        {of.map((topic) => (
          <li key={topic.name}>
            <Link
              href={to.topic(folder, topic.name)}
              className="block h-full rounded-lg border border-line px-3 py-2 no-underline hover:border-soft"
            >
              <span className="font-semibold">{topic.title}</span>
              <span className="block text-xs text-soft">
                {topic.shown === 0
                  ? 'nothing yet: open it to see which command fills it'
                  : `${topic.shown} of ${plural(topic.panels, 'panel')}`}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}
