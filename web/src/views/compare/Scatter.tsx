import { useState } from 'react';
import { useAddress } from '../../app/address';
import type { Comparison } from '../../app/types';
import { Figure } from '../../figure/Figure';
import { Choose } from '../../parts/Choose';
import { Empty } from '../../parts/Empty';
import { Section } from '../../parts/Section';
import { scatterSpec } from './specs';

/** Scores of all planets, of one run against another. */
export function Scatter({ of }: { of: Comparison }) {
  const address = useAddress();
  const [pair, setPair] = useState<[number, number]>([0, 1]);
  const figure = scatterSpec(of, pair[0], pair[1]);
  const options = of.names.map((name, index) => [String(index), name] as const);
  return (
    <Section
      title="Scores of the planets"
      note="One dot a planet; above the dotted line the second run is better. A click shows its spectra below."
      actions={
        of.names.length > 2 && (
          <>
            <Choose
              label="Across"
              value={String(pair[0])}
              options={options}
              change={(index) => setPair([Number(index), pair[1]])}
            />
            <Choose
              label="Up"
              value={String(pair[1])}
              options={options}
              change={(index) => setPair([pair[0], Number(index)])}
            />
          </>
        )
      }
    >
      {figure ? (
        <div className="max-w-2xl">
          <Figure
            name="scores"
            title="scores of the planets in two runs"
            figure={figure}
            onPlanet={(planet) => address.set({ planet }, { replace: true })}
          />
        </div>
      ) : (
        <Empty
          what="No planet has a score in both runs"
          reason="Scores need the truth, and the prediction that the run scored still in its folder."
        />
      )}
    </Section>
  );
}
