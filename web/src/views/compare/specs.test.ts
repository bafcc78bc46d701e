import { expect, it } from 'vitest';
import type { Comparison, SpectraTogether } from '../../app/types';
import { unsupported } from '../../figure/check';
import { reliabilitySpec, scatterSpec, spectraSpec } from './specs';

const OF: Comparison = {
  runs: [],
  names: ['a', 'b'],
  settings: [],
  paired: [],
  planet_ids: ['1', '2', '3'],
  scores: [
    [0.5, null, 0.7],
    [0.6, 0.9, 0.4],
  ],
  reliability: [{ name: 'a', stated: [0.1, 0.9], found: [0.2, null], z_rms: 1 }],
  problems: [],
};
const SPECTRA: SpectraTogether = {
  planet_id: '1',
  wavelength_um: [0.7, 2, 2.1, 2.2, 2.3],
  truth_ppm: [10, 11, 12, 13, 14],
  spectra: [{ name: 'a', mu_ppm: [10, 11, null, 13, 14], sigma_ppm: [1, 1, 1, 2, 2] }],
  strip: [{ type: 'scatter', mode: 'lines', name: 'CO alone', yaxis: 'y2', x: [2], y: [1] }],
};

it('draws planets that both runs scored', () => {
  const dots = scatterSpec(OF, 0, 1)?.data[1];
  expect([dots?.x, dots?.y, dots?.customdata]).toEqual([
    [0.5, 0.7],
    [0.6, 0.4],
    ['1', '3'],
  ]);
  expect(
    scatterSpec(
      {
        ...OF,
        scores: [
          [null, null, null],
          [1, 1, 1],
        ],
      },
      0,
      1,
    ),
  ).toBeNull();
});

it('outlines sigma in stretches that are known, and leaves FGS1 out of the line', () => {
  const [band, line, fgs1] = spectraSpec(SPECTRA).data;
  expect(band?.x).toEqual([2, 2, null, 2.2, 2.3, 2.3, 2.2, null]);
  expect(band?.y).toEqual([12, 10, null, 15, 16, 12, 11, null]);
  expect(line?.x).toEqual([2, 2.1, 2.2, 2.3]);
  expect([fgs1?.x, fgs1?.y, fgs1?.error_y?.array]).toEqual([[0.7], [10], [1]]);
  expect(spectraSpec(SPECTRA).data.at(-1)?.name).toBe('CO alone');
});

it('asks for nothing that the renderer lacks', () => {
  const specs = [scatterSpec(OF, 0, 1), spectraSpec(SPECTRA), reliabilitySpec(OF.reliability)];
  for (const spec of specs) expect(spec && unsupported(spec)).toEqual([]);
});
