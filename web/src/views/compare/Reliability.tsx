import { number } from '../../app/format';
import type { Comparison } from '../../app/types';
import { Figure } from '../../figure/Figure';
import { Facts } from '../../parts/Facts';
import { Section } from '../../parts/Section';
import { reliabilitySpec } from './specs';

/** How honest each run's sigmas are. */
export function Reliability({ of }: { of: Comparison['reliability'] }) {
  if (of.length === 0) return null;
  return (
    <Section
      title="Reliability"
      note="On the dotted line sigmas are honest; where a curve is flatter than it, they are too small. The rms of z is 1 for honest ones."
    >
      <Facts of={of.map((curve) => [`rms z, ${curve.name}`, number(curve.z_rms, 2)] as const)} />
      <div className="max-w-2xl">
        <Figure
          name="reliability"
          title="stated against found probability"
          figure={reliabilitySpec(of)}
        />
      </div>
    </Section>
  );
}
