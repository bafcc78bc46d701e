import { Link } from 'wouter';
import { to } from '../../app/address';
import { useChanges } from '../../app/changes';
import { useNow } from '../../app/useNow';
import { Progress } from '../../parts/Progress';
import { Section } from '../../parts/Section';

/** What runs in the folder now. */
export function Running({ folder }: { folder: string }) {
  const now = useNow();
  const runs = useChanges().running.filter((run) => run.folder === folder);
  if (runs.length === 0) return null;
  return (
    <Section title="Running now">
      <ul className="grid gap-4 sm:grid-cols-[repeat(auto-fit,minmax(16rem,1fr))]">
        {runs.map((run) => (
          <li key={run.run_id}>
            <Link href={to.run(folder, run.run_id)} className="font-semibold">
              {run.command}
            </Link>
            <Progress run={run} now={now} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
