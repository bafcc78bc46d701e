import { useMemo } from 'react';

import { usePainted } from '../app/theme';
import { readPalette } from './palette';
import { planned, type Plan, type View } from './plan';
import type { FigureDict, Trace } from './plotly';

/** The page's colours, read anew when they change. */
export function usePalette() {
  return readPalette(usePainted());
}

interface Props {
  figure: FigureDict;
  width: number;
  view: View;
  isHidden: (trace: Trace) => boolean;
}

export function usePlan({ figure, width, view, isHidden }: Props): Plan | null {
  const palette = usePalette();
  return useMemo(
    () => (width > 0 ? planned(figure, { width, view, isHidden, palette }) : null),
    [figure, width, view, isHidden, palette],
  );
}
