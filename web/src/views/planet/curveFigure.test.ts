import { unsupported } from '../../figure/check';
import { curveFigure, envelope, scaled, within } from './curveFigure';

const window = {
  visit: 'v',
  detector: 'fgs1' as const,
  start_h: 1,
  end_h: 2,
  first_h: 0,
  last_h: 8,
  samples: 90,
  each: 30,
  time_h: [1, 1.5, 2],
  flux: [1, 0.99, 1],
  low: [0.9, 0.8, 0.9],
  high: [1.1, 1.2, 1.1],
  model: [1, 0.99, 1],
  residual_ppm: [0, 5, -5],
  finest: 'samples of 0.2 s',
};

describe('a light curve', () => {
  it('shades extremes where points are means, and asks for nothing that is not drawn', () => {
    const figure = curveFigure(window);
    expect(figure.data.map((trace) => trace.name)).toEqual([
      'extremes',
      'means of 30',
      'fitted transit',
      'residual',
    ]);
    expect(unsupported(figure)).toEqual([]);
    expect(figure.layout.xaxis).toMatchObject({ range: [1, 2] });
  });
  it('has no shade at full cadence and one row without residuals', () => {
    const figure = curveFigure({ ...window, each: 1, residual_ppm: null, model: null });
    expect(figure.data.map((trace) => trace.name)).toEqual(['light']);
    expect(figure.layout.yaxis2).toBeUndefined();
    expect(unsupported(figure)).toEqual([]);
  });
  it('leaves gaps of the extremes open', () => {
    expect(envelope([0, 1, 2, 3, 4], [1, 1, null, 1, 1], [2, 2, 2, 2, 2])).toEqual({
      x: [0, 1, 1, 0, null, 3, 4, 4, 3, null],
      y: [2, 2, 1, 1, null, 2, 2, 1, 1, null],
    });
  });
});

it('a window stays within its visit', () => {
  expect(within({ start: -1, end: 1 }, 0, 8)).toEqual({ start: 0, end: 2 });
  expect(within({ start: 7, end: 9 }, 0, 8)).toEqual({ start: 6, end: 8 });
  expect(within({ start: -5, end: 50 }, 0, 8)).toEqual({ start: 0, end: 8 });
  expect(scaled({ start: 2, end: 4 }, 0.5)).toEqual({ start: 2.5, end: 3.5 });
});
