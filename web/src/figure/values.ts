import type { Cell, FigureDict, PackedArray, Trace } from './plotly';

/** Rows of a heat map, unpacked where they came as bytes. */
export function rowsOf(trace: Trace): ArrayLike<number | null>[] {
  const { z } = trace;
  if (!z) return [];
  return Array.isArray(z) ? z : unpacked(z);
}

const SIZES = {
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  f4: Float32Array,
  f8: Float64Array,
};

function unpacked(packed: PackedArray): ArrayLike<number>[] {
  // check.ts has refused what is not among these.
  const Kind = SIZES[packed.dtype as keyof typeof SIZES];
  const bytes = Uint8Array.from(atob(packed.bdata), (c) => c.charCodeAt(0));
  const numbers = new Kind(bytes.buffer);
  const width = Number((packed.shape ?? '').split(',')[1] ?? numbers.length);
  return Array.from({ length: numbers.length / width }, (_, i) =>
    numbers.subarray(i * width, (i + 1) * width),
  );
}

/** Centres along one side of a heat map. */
export function centres(trace: Trace, letter: 'x' | 'y', count: number): Cell[] {
  const given = trace[letter];
  if (given?.length) return given;
  const [start, step] = letter === 'x' ? [trace.x0 ?? 0, trace.dx ?? 1] : [0, 1];
  return Array.from({ length: count }, (_, i) => start + i * step);
}

/** An element of what is one value for all, or a list. */
export function each<T>(value: T | T[] | undefined, i: number): T | undefined {
  return Array.isArray(value) ? value[i] : value;
}

/** Whether a figure has no number at all, as for a planet of which a panel knows nothing. */
export function isEmpty(figure: FigureDict): boolean {
  const has = (list: Cell[] | undefined) => list?.some((value) => value !== null) ?? false;
  return !figure.data.some((trace) =>
    trace.type === 'heatmap' ? rowsOf(trace).length > 0 : has(trace.x) && has(trace.y),
  );
}
