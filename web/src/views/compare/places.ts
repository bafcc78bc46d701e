import type { Comparison } from '../../app/types';

export type Difference = Comparison['settings'][number];

/** Whether values are the same but for the folder that each run worked in. */
function samePlace(row: Difference, homes: readonly unknown[]): boolean {
  const within = row.values.map((value, index) => {
    const home = homes[index];
    if (typeof value !== 'string' || typeof home !== 'string' || home === '') return null;
    return value === home || value.startsWith(`${home}/`) ? value.slice(home.length) : null;
  });
  return within.every((rest) => rest !== null && rest === within[0]);
}

/** Differences that matter, and those that only name each run's own folder. */
export function parted(of: readonly Difference[]): { real: Difference[]; places: Difference[] } {
  const homes = of.find((row) => row.key === 'paths.work')?.values ?? [];
  return {
    real: of.filter((row) => !samePlace(row, homes)),
    places: of.filter((row) => samePlace(row, homes)),
  };
}
