import { alongside, finderOf, planetOf, standOf, tracksOf, wordsOf } from './hover';
import { isMap, planetsIn, planetsWithin } from './lasso';
import { MAP, figureOf, planOf } from './sample';

const plan = planOf(MAP);
const tracks = tracksOf(plan);

describe('lasso', () => {
  it('lists the planets within a loop, a concave one too', () => {
    // A is at (150, 160), B at (250, 110), C at (350, 60).
    expect(
      planetsIn(
        [
          [100, 200],
          [200, 200],
          [200, 130],
          [100, 130],
        ],
        tracks,
      ),
    ).toEqual(['A']);
    expect(
      planetsIn(
        [
          [100, 210],
          [400, 210],
          [400, 20],
          [330, 20],
          [330, 180],
          [100, 180],
        ],
        tracks,
      ),
    ).toEqual(['C']);
    expect(
      planetsIn(
        [
          [0, 0],
          [460, 0],
          [460, 250],
          [0, 250],
        ],
        tracks,
      ),
    ).toEqual(['A', 'B', 'C']);
  });
  it('lists nothing for a click or a loop around nothing', () => {
    expect(
      planetsIn(
        [
          [150, 160],
          [151, 160],
        ],
        tracks,
      ),
    ).toEqual([]);
    expect(
      planetsIn(
        [
          [300, 200],
          [310, 200],
          [310, 210],
        ],
        tracks,
      ),
    ).toEqual([]);
  });
  it('has the planets in sight for who cannot draw', () => {
    expect(planetsWithin(plan.paper, tracksOf(planOf(MAP, { x: [0.5, 3] })))).toEqual(['B', 'C']);
  });
  it('is offered on maps of planets only', () => {
    expect(isMap(MAP)).toBe(true);
    expect(isMap(figureOf([{ type: 'scatter', x: [1], y: [1] }]))).toBe(false);
  });
});

describe('pointing', () => {
  it('finds the nearest point, none far away', () => {
    expect(planetOf(finderOf(tracks)(245, 112)!)).toBe('B');
    expect(finderOf(tracks)(60, 20)).toBeNull();
  });
  it('says what the panel wrote, and fills templates', () => {
    expect(wordsOf(plan, tracks[0]!.points[0]!)).toBe('<b>A</b><br>depth 1');
    const trace = {
      type: 'scatter',
      name: 'n',
      x: [0.5],
      y: [0.256],
      text: ['t'],
      hovertemplate: '%{text}: %{x:.1f}, %{y:.0%}<extra>%{fullData.name}</extra>',
    };
    const other = planOf(figureOf([trace]));
    expect(wordsOf(other, tracksOf(other)[0]!.points[0]!)).toBe('t: 0.5, 26%<br>n');
  });
  it('knows the planet of a heat map by its row', () => {
    const trace = {
      type: 'heatmap',
      meta: 'planets',
      x: ['rule'],
      y: ['17', '4'],
      z: [[0], [1]],
      text: [['kept'], ['broken']],
      hovertemplate: 'planet %{y}, %{x}: %{text}',
    };
    const heat = planOf(figureOf([trace], { yaxis: { type: 'category' } }));
    const point = tracksOf(heat)[1]!.points[0]!;
    expect(planetOf(point)).toBe('4');
    expect(wordsOf(heat, point)).toBe('planet 4, rule: broken');
  });
});

it('points above one another are told together, x once', () => {
  const line = (name: string, y: number[]) => ({ type: 'scatter', mode: 'lines', name, x: [1, 2], y });
  const figure = figureOf([line('a', [1, 2]), line('b', [3, 4])], {
    hovermode: 'x',
    xaxis: { title: { text: 'λ' } },
  });
  const both = planOf(figure);
  const walked = tracksOf(both);
  const found = alongside(both, walked, walked[0]!.points[1]!);
  expect(standOf(both, found[0]!)).toBe('λ: 2');
  expect(found.map((point) => wordsOf(both, point, true))).toEqual(['a: 2', 'b: 4']);
});
