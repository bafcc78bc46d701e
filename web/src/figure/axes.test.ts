import { halved } from './chrome';
import { fromPixel, pixelOf } from './axis';
import { planOf, figureOf } from './sample';
import { ticksOf } from './ticks';

const labels = (figure: ReturnType<typeof figureOf>, id: string) =>
  ticksOf(planOf(figure).axes.get(id)!).map((tick) => tick.label);
const lineOf = (x: number[], y: number[]) => ({ type: 'scatter', mode: 'lines', x, y });

describe('axes', () => {
  it('put values where their range says, and back', () => {
    const { axes } = planOf(figureOf([lineOf([0, 10], [1, 2])], { xaxis: { range: [0, 10] } }));
    const x = axes.get('x')!;
    expect(pixelOf(x, 0)).toBe(50);
    expect(pixelOf(x, 10)).toBe(450);
    expect(fromPixel(x, 250)).toBeCloseTo(5);
  });

  it('take logarithmic ranges as powers, and have no place for zero', () => {
    const { axes } = planOf(figureOf([lineOf([1, 100], [1, 2])], { xaxis: { type: 'log', range: [0, 2] } }));
    expect(pixelOf(axes.get('x')!, 10)).toBe(250);
    expect(pixelOf(axes.get('x')!, 0)).toBeNaN();
  });

  it('are of categories where values are texts', () => {
    const figure = figureOf([{ type: 'bar', x: ['a', 'b'], y: [1, 2] }]);
    expect(labels(figure, 'x')).toEqual(['a', 'b']);
    expect(planOf(figure).axes.get('x')!.range).toEqual([-0.4, 1.4]);
  });

  it('leave lines no room along x and some along y', () => {
    const { axes } = planOf(figureOf([lineOf([0, 4], [0, 1])]));
    expect(axes.get('x')!.range).toEqual([0, 4]);
    expect(axes.get('y')!.range[0]).toBeLessThan(0);
    expect(axes.get('y')!.range[1]).toBeGreaterThan(1);
  });

  it('begin at zero where told, and reach the shapes on them', () => {
    const level = { type: 'line', xref: 'paper', yref: 'y', x0: 0, x1: 1, y0: 9, y1: 9 };
    const { axes } = planOf(
      figureOf([lineOf([0, 1], [2, 3])], { yaxis: { rangemode: 'tozero' }, shapes: [level] }),
    );
    expect(axes.get('y')!.range).toEqual([0, 9]);
  });

  it('are turned round by autorange "reversed"', () => {
    const { axes } = planOf(figureOf([lineOf([0, 4], [0, 1])], { xaxis: { autorange: 'reversed' } }));
    expect(axes.get('x')!.range).toEqual([4, 0]);
  });

  it('keep one unit as long on both where they are tied', () => {
    const data = [{ type: 'heatmap', z: Array.from({ length: 8 }, () => [1, 2, 3, 4, 5, 6, 7, 8]) }];
    const { axes } = planOf(
      figureOf(data, { yaxis: { scaleanchor: 'x', constrain: 'domain' }, xaxis: { constrain: 'domain' } }),
    );
    const [left, right] = axes.get('x')!.pixels;
    const [low, high] = axes.get('y')!.pixels;
    expect(right - left).toBeCloseTo(low - high);
  });
});

describe('ticks', () => {
  it('stand at round steps with as many decimals as they need', () => {
    expect(labels(figureOf([lineOf([0, 1], [0, 1])], { xaxis: { range: [0, 1], nticks: 5 } }), 'x')).toEqual([
      '0.0',
      '0.2',
      '0.4',
      '0.6',
      '0.8',
      '1.0',
    ]);
  });

  it('follow a format, a step and given texts', () => {
    const share = { range: [0, 1], tickformat: '.0%', dtick: 0.5 };
    expect(labels(figureOf([lineOf([0, 1], [0, 1])], { xaxis: share }), 'x')).toEqual(['0%', '50%', '100%']);
    const given = { range: [0, 3], tickvals: [0, 2, 9], ticktext: ['no', 'yes', 'outside'] };
    expect(labels(figureOf([lineOf([0, 1], [0, 1])], { xaxis: given }), 'x')).toEqual(['no', 'yes']);
  });

  it('are 1, 2, 5 of decades, or powers', () => {
    const log = { type: 'log', range: [0, 2], tickformat: ',~r', dtick: 'D2' };
    expect(labels(figureOf([lineOf([1, 2], [0, 1])], { xaxis: log }), 'x')).toEqual([
      '1',
      '2',
      '5',
      '10',
      '20',
      '50',
      '100',
    ]);
    const powers = { type: 'log', range: [-3, 0], dtick: 1, exponentformat: 'power' };
    expect(labels(figureOf([lineOf([1, 2], [0, 1])], { xaxis: powers }), 'x')).toEqual([
      '10⁻³',
      '10⁻²',
      '10⁻¹',
      '10⁰',
    ]);
  });

  it('become finer where a zoom leaves too few', () => {
    const figure = figureOf([lineOf([0, 10], [0, 1])], { xaxis: { range: [0, 10], dtick: 2 } });
    expect(ticksOf(planOf(figure, { x: [3.1, 3.3] }).axes.get('x')!).length).toBeGreaterThan(1);
  });
});

it('a title too long for its axis is broken near its middle', () => {
  expect(halved('mean share of μ [ppm]')).toBe('mean share<br>of μ [ppm]');
  expect(halved('power')).toBe('power');
});
