import { Link } from 'wouter';

import { to } from '../../app/address';
import { at } from '../../app/api';
import { useVersion } from '../../app/changes';
import { useAnswer } from '../../app/useAnswer';

/** The way to the other topics of a folder. */
export function TopicLinks({ folder, topic }: { folder: string; topic: string }) {
  const { data } = useAnswer(at.folder(folder), { version: useVersion(folder) });
  return (
    <nav aria-label="Topics" className="screen -mx-1 flex gap-x-1 overflow-x-auto pb-1 sm:flex-wrap">
      {data?.topics.map((one) => (
        <Link
          key={one.name}
          href={to.topic(folder, one.name)}
          aria-current={one.name === topic ? 'page' : undefined}
          className={`shrink-0 rounded-md px-2 py-1 text-sm no-underline hover:bg-panel ${
            one.name === topic ? 'bg-panel font-semibold !text-ink' : '!text-soft'
          }`}
        >
          {one.title}
        </Link>
      ))}
    </nav>
  );
}
