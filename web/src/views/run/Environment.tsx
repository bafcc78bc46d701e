import { Facts } from '../../parts/Facts';
import { Section } from '../../parts/Section';

/** On what it ran. */
export function Environment({ of }: { of: Record<string, string> }) {
  const entries = Object.entries(of);
  if (entries.length === 0) return null;
  return (
    <Section title="Environment">
      <Facts
        of={entries.map(([name, value]) => [name, <code key={name}>{value}</code>] as const)}
      />
    </Section>
  );
}
