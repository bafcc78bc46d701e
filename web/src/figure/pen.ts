/** What figures are drawn with: a canvas on the screen and for PNG, elements for SVG. */

export interface Style {
  fill?: string | undefined;
  stroke?: string | undefined;
  width?: number | undefined;
  dash?: string | undefined;
  opacity?: number | undefined;
}

export interface TextStyle {
  size: number;
  colour: string;
  anchor?: 'start' | 'middle' | 'end';
  /** Which part of the text's block stands at y. */
  base?: 'top' | 'middle' | 'bottom';
  /** Degrees, clockwise. */
  turn?: number;
}

export interface Pixels {
  width: number;
  height: number;
  rgba: Uint8ClampedArray<ArrayBuffer>;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Pen {
  path(d: string, style: Style): void;
  text(x: number, y: number, text: string, style: TextStyle): void;
  image(box: Box, pixels: Pixels): void;
  clipped(box: Box, draw: () => void): void;
}

export const LINE_HEIGHT = 1.22;

const DASHES: Record<string, number[]> = {
  solid: [],
  dot: [1, 1.6],
  dash: [4.5, 3],
  dashdot: [4.5, 2.5, 1, 2.5],
};

/** Lengths of a named dash [px]. */
export function dashes(name: string | undefined, width: number): number[] {
  return (DASHES[name ?? 'solid'] ?? []).map((part) => part * Math.max(width, 1.3));
}

/** Distance from a text's y to its first line's baseline. */
export function firstBaseline(rows: number, style: TextStyle): number {
  const height = (rows - 1) * style.size * LINE_HEIGHT;
  const shift = { top: 0.95, middle: 0.35, bottom: -0.22 }[style.base ?? 'middle'] * style.size;
  return shift - { top: 0, middle: height / 2, bottom: height }[style.base ?? 'middle'];
}
