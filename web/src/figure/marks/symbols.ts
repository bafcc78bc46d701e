/** Marker outlines as paths, of Plotly's proportions (size: diameter of a circle). */

const n = (value: number) => value.toFixed(2);

function polygon(x: number, y: number, points: [number, number][]): string {
  return `M${points.map(([dx, dy]) => `${n(x + dx)},${n(y + dy)}`).join('L')}Z`;
}

export function symbolPath(symbol: string, x: number, y: number, size: number): string {
  const r = size / 2;
  switch (symbol.replace('-open', '')) {
    case 'circle':
      return `M${n(x - r)},${n(y)}a${n(r)},${n(r)} 0 1,0 ${n(2 * r)},0a${n(r)},${n(r)} 0 1,0 ${n(-2 * r)},0Z`;
    case 'square':
      return polygon(x, y, [
        [-r, -r],
        [r, -r],
        [r, r],
        [-r, r],
      ]);
    case 'diamond': {
      const d = 1.3 * r;
      return polygon(x, y, [
        [0, -d],
        [d, 0],
        [0, d],
        [-d, 0],
      ]);
    }
    case 'triangle-up':
      return polygon(x, y, [
        [-1.155 * r, 0.577 * r],
        [1.155 * r, 0.577 * r],
        [0, -1.155 * r],
      ]);
    case 'triangle-down':
      return polygon(x, y, [
        [-1.155 * r, -0.577 * r],
        [1.155 * r, -0.577 * r],
        [0, 1.155 * r],
      ]);
    case 'cross': {
      const a = 0.4 * r;
      const b = 1.2 * r;
      return polygon(x, y, [
        [b, a],
        [a, a],
        [a, b],
        [-a, b],
        [-a, a],
        [-b, a],
        [-b, -a],
        [-a, -a],
        [-a, -b],
        [a, -b],
        [a, -a],
        [b, -a],
      ]);
    }
    case 'x': {
      const c = 0.35 * r;
      const b = 0.9 * r;
      return polygon(x, y, [
        [0, c],
        [b - c, b],
        [b, b - c],
        [c, 0],
        [b, -b + c],
        [b - c, -b],
        [0, -c],
        [-b + c, -b],
        [-b, -b + c],
        [-c, 0],
        [-b, b - c],
        [-b + c, b],
      ]);
    }
    default:
      throw new Error(`no marker ${symbol}`);
  }
}

export function isOpen(symbol: string): boolean {
  return symbol.endsWith('-open');
}
