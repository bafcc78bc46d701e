import { Link } from 'wouter';
import { to, useAddress } from '../../app/address';
import { at } from '../../app/api';
import type { Comparison } from '../../app/types';
import { useAnswer } from '../../app/useAnswer';
import { Figure } from '../../figure/Figure';
import { Failure } from '../../parts/Failure';
import { PlanetField } from './PlanetField';
import { Section } from '../../parts/Section';
import { Waiting } from '../../parts/Waiting';
import { spectraSpec } from './specs';

/** A planet's spectra of all runs, on top of each other. */
export function Spectra({ of, runs }: { of: Comparison; runs: readonly string[] }) {
  const address = useAddress();
  const planet = address.get('planet', of.planet_ids[0] ?? '');
  const answer = useAnswer(planet === '' ? null : at.spectra(runs, planet), { keep: true });
  if (of.planet_ids.length === 0) return null;
  const folders = [...new Set(of.runs.map((run) => run.folder))];
  return (
    <Section
      title="Spectra on top of each other"
      note="Each with its band of one sigma. Below: each gas alone in a warm Jupiter, scaled to 1; triangles: its bands."
      actions={
        <PlanetField
          ids={of.planet_ids}
          value={planet}
          change={(next) => address.set({ planet: next }, { replace: true })}
        />
      }
    >
      {answer.error && <Failure error={answer.error} again={answer.reload} />}
      {!answer.data && answer.loading && <Waiting what="Reading the spectra" />}
      {answer.data && (
        <Figure
          name="spectra"
          title={`spectra of planet ${planet}`}
          figure={spectraSpec(answer.data)}
        />
      )}
      <p className="mt-2 text-sm text-soft">
        Page of planet {planet}:{' '}
        {folders.map((folder, index) => (
          <span key={folder}>
            {index > 0 && ', '}
            <Link href={to.planet(folder, planet)}>in {folder}</Link>
          </span>
        ))}
      </p>
    </Section>
  );
}
