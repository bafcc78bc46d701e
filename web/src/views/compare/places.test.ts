import { expect, it } from 'vitest';
import { parted } from './places';

it('keeps paths of each run apart from settings that differ', () => {
  const rows = [
    { key: 'paths.work', values: ['runs/a', 'runs/b'] },
    { key: 'paths.core', values: ['runs/a/core.npz', 'runs/b/core.npz'] },
    { key: 'paths.cache', values: ['runs/a/x', 'runs/b/y'] },
    { key: 'data.raw', values: ['runs/ab/raw', 'runs/b/raw'] },
    { key: 'seed', values: [1, 2] },
    { key: 'sim', values: ['nominal', null] },
  ];
  const { real, places } = parted(rows);
  expect(places.map((row) => row.key)).toEqual(['paths.work', 'paths.core']);
  expect(real.map((row) => row.key)).toEqual(['paths.cache', 'data.raw', 'seed', 'sim']);
});

it('takes all for real where the folders are not known', () => {
  expect(parted([{ key: 'seed', values: [1, 2] }]).real).toHaveLength(1);
});
