import { short } from '../../app/format';
import { Section } from '../../parts/Section';

/** The event's numbers. */
export function Metrics({ of }: { of: Record<string, number | null> }) {
  const entries = Object.entries(of);
  if (entries.length === 0) return null;
  return (
    <Section title="Metrics">
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,13rem),1fr))] gap-x-8">
        {entries.map(([name, value]) => (
          <div key={name} className="flex items-baseline gap-3 border-b border-grid py-1">
            <dt className="min-w-0 grow text-sm text-soft [overflow-wrap:anywhere]">
              {name.replaceAll('_', ' ')}
            </dt>
            <dd className="font-semibold tabular-nums">{short(value)}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
