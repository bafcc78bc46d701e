import { rgb } from 'd3-color';
import { interpolateRgb } from 'd3-interpolate';
import { interpolateCividis, interpolateViridis } from 'd3-scale-chromatic';

import type { ColourScale } from './plotly';

const NAMED: Record<string, (share: number) => string> = {
  Viridis: interpolateViridis,
  Cividis: interpolateCividis,
};

/** A colour scale of Plotly's as a function of 0..1. A listed one may hold steps (a place twice). */
export function colourScale(scale: ColourScale): (share: number) => string {
  if (typeof scale === 'string') {
    const named = NAMED[scale];
    if (!named) throw new Error(`no colour scale ${scale}`);
    return named;
  }
  return (share) => {
    const at = Math.min(Math.max(share, 0), 1);
    const after = scale.findIndex(([place]) => place > at);
    if (after < 0) return scale[scale.length - 1]![1];
    if (after === 0) return scale[0]![1];
    const [low, from] = scale[after - 1]!;
    const [high, to] = scale[after]!;
    return interpolateRgb(from, to)((at - low) / (high - low));
  };
}

/** Red, green, blue 0..255 and opacity 0..255. */
export function channels(colour: string): [number, number, number, number] {
  const { r, g, b, opacity } = rgb(colour);
  return [Math.round(r), Math.round(g), Math.round(b), Math.round(255 * opacity)];
}

/** Black or white, whichever is read better on a colour. */
export function inkOn(colour: string): string {
  const { r, g, b } = rgb(colour);
  return 0.299 * r + 0.587 * g + 0.114 * b > 145 ? '#1d2430' : '#ffffff';
}
