import { barBoxes } from './marks/bars';
import { hatch } from './marks/drawBars';
import { cellsOf } from './marks/heatmap';
import { linePath, runsOf } from './marks/scatter';
import { symbolPath } from './marks/symbols';
import { figureOf, planOf } from './sample';
import supported from './supported.json';
import { rowsOf } from './values';

const side = { kind: 'linear' as const, categories: [] as string[] };

describe('lines', () => {
  it('are broken at gaps', () => {
    expect(
      runsOf([
        [0, 0],
        [1, 1],
        [NaN, 2],
        [3, 3],
      ]),
    ).toEqual([
      [
        [0, 0],
        [1, 1],
      ],
      [[3, 3]],
    ]);
  });
  it('go in steps where told', () => {
    expect(
      linePath(
        [
          [0, 0],
          [2, 4],
        ],
        'hv',
      ),
    ).toBe('M0.00,0.00L2.00,0.00L2.00,4.00');
    expect(
      linePath(
        [
          [0, 0],
          [2, 4],
        ],
        'hvh',
      ),
    ).toBe('M0.00,0.00L1.00,0.00L1.00,4.00L2.00,4.00');
  });
});

describe('bars', () => {
  const one = { type: 'bar', x: [1, 2], y: [3, -1] };
  const two = { type: 'bar', x: [1, 2], y: [2, -2] };
  it('stack away from zero on the side of their sign', () => {
    const boxes = barBoxes(two, [one, two], { barmode: 'relative', bargap: 0 }, side);
    expect(boxes.map((box) => box.along)).toEqual([
      [3, 5],
      [-1, -3],
    ]);
    expect(boxes[0]!.across).toEqual([0.5, 1.5]);
  });
  it('stand side by side where two share a place, else at full width', () => {
    const own = barBoxes(two, [one, two], { bargap: 0 }, side)[0]!;
    expect(own.across).toEqual([1, 1.5]);
    const apart = { type: 'bar', x: [3], y: [1] };
    expect(barBoxes(apart, [one, apart], { bargap: 0 }, side)[0]!.across).toEqual([2.5, 3.5]);
  });
  it('are hatched within their box', () => {
    const d = hatch({ x: 0, y: 0, width: 10, height: 10 }, 5, 1);
    const numbers = d.match(/-?[\d.]+/g)!.map(Number);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThanOrEqual(10);
  });
});

describe('heat maps', () => {
  it('read packed bytes row by row', () => {
    const z = { dtype: 'u1', shape: '2, 3', bdata: btoa(String.fromCharCode(1, 2, 3, 4, 5, 6)) };
    expect(rowsOf({ type: 'heatmap', z }).map((row) => Array.from(row))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });
  it('have their edges halfway between centres', () => {
    const trace = { type: 'heatmap', x: [0, 1, 3], y: [0], z: [[1, 2, 3]] };
    const plan = planOf(figureOf([trace]));
    expect(plan.axes.get('x')!.range).toEqual([-0.5, 4]);
    const { columns } = cellsOf(trace, plan.axes.get('x')!, plan.axes.get('y')!);
    expect(columns[0]).toBe(50);
    expect(columns[3]).toBe(450);
  });
});

it('every marker that is declared can be drawn', () => {
  for (const symbol of supported.values['scatter.marker.symbol'])
    expect(symbolPath(symbol, 0, 0, 8)).toMatch(/^M.*Z$/);
});
