import { plural } from '../../app/format';
import type { Comparison } from '../../app/types';
import { Section } from '../../parts/Section';
import { type Interval, Whiskers } from '../../parts/Whisker';

type Pair = Comparison['paired'][number];

function interval({ first, second, difference, low, high, planets }: Pair): Interval {
  const name = `${second} − ${first} (${plural(planets, 'planet')})`;
  const tone = low > 0 ? 'good' : high < 0 ? 'bad' : undefined;
  return { name, value: difference, low, high, ...(tone && { tone }) };
}

/** Differences of scores over the planets both scored: a small forest plot. */
export function Paired({ of }: { of: readonly Pair[] }) {
  if (of.length === 0) return null;
  const ends = of.flatMap((pair) => [pair.low, pair.high]);
  const reach = 1.1 * Math.max(...ends.map(Math.abs), 1e-4);
  return (
    <Section
      title="Score, planet by planet"
      note="Differences over the planets both scored, with paired 95 % bootstrap intervals. An interval that crosses the line (no difference) decides nothing."
    >
      <Whiskers of={of.map(interval)} from={-reach} to={reach} mark={0} digits={4} />
    </Section>
  );
}
