import { csvFile } from './csv';
import { entriesOf, hiddenBy } from './legend';
import { svgFile } from './picture';
import { choices, restyled } from './restyle';
import { figureOf, MAP, planOf } from './sample';

const curve = figureOf(
  [
    {
      type: 'scatter',
      mode: 'lines',
      name: 'a, "b"',
      x: [1, null, 3],
      y: [4, 5, 6],
      line: { color: '#ff0000', dash: 'dash' },
    },
    {
      type: 'bar',
      name: 'bars',
      x: [1, 3],
      y: [2, 1],
      text: ['<b>x</b>', '=1+1'],
      marker: { color: '#00ff00' },
    },
  ],
  { xaxis: { title: { text: 'time [h]' } }, yaxis: { title: { text: 'flux & more' } } },
);

describe('SVG', () => {
  const text = svgFile({ plan: planOf(curve), title: 'A <figure>', legend: entriesOf(curve) });
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
  it('is well formed and holds marks, axes and legend', () => {
    expect(parsed.querySelector('parsererror')).toBeNull();
    expect(parsed.querySelector('path[stroke="#ff0000"]')).not.toBeNull();
    expect(parsed.querySelector('path[fill="#00ff00"]')).not.toBeNull();
    const words = Array.from(parsed.querySelectorAll('text'), (one) => one.textContent);
    expect(words).toEqual(
      expect.arrayContaining(['A <figure>', 'time [h]', 'flux & more', 'a, "b"', 'bars', 'x']),
    );
  });
  it('embeds a heat map of many cells as a picture', () => {
    const z = Array.from({ length: 60 }, (_, i) => Array.from({ length: 60 }, (_, j) => i + j));
    const link = vi.fn(() => 'data:image/png;base64,AAAA');
    const svg = svgFile({ plan: planOf(figureOf([{ type: 'heatmap', z }])), title: 't', legend: [] }, link);
    expect(svg).toContain('href="data:image/png;base64,AAAA"');
    expect(link).toHaveBeenCalledWith(expect.objectContaining({ width: 60, height: 60 }));
  });
});

describe('CSV', () => {
  it('has a row a point, heads of the axes, and keeps commas, quotes and formulas harmless', () => {
    expect(csvFile(curve)).toBe(
      [
        'series,time [h],flux & more,text',
        '"a, ""b""",1,4,',
        '"a, ""b""",3,6,',
        'bars,1,2,x',
        "bars,3,1,'=1+1",
        '',
      ].join('\r\n'),
    );
  });
  it('has a row a cell of a heat map and names planets', () => {
    expect(csvFile(figureOf([{ type: 'heatmap', name: 'h', x: ['p', 'q'], y: [7], z: [[1, null]] }]))).toBe(
      'series,x,y,z\r\nh,p,7,1\r\n',
    );
    expect(csvFile(MAP).split('\r\n')[1]).toBe('new,0,0,A; depth 1,A');
  });
});

describe('legend', () => {
  it('is of named traces, groups as one, and needs two', () => {
    const group = { type: 'scatter', x: [1], y: [1], legendgroup: 'g' };
    const figure = figureOf([
      { ...group, name: 'g', showlegend: false },
      { ...group, name: 'g' },
      { type: 'scatter', name: 'h', x: [1], y: [1] },
    ]);
    const entries = entriesOf(figure);
    expect(entries.map((entry) => [entry.name, entry.traces.length])).toEqual([
      ['g', 2],
      ['h', 1],
    ]);
    const isHidden = hiddenBy(entries, new Set([entries[0]!.key]));
    expect(figure.data.map(isHidden)).toEqual([true, true, false]);
    expect(entriesOf(MAP)).toEqual([]);
  });
});

it('a choice of colour repaints the planets alone', () => {
  const restyle = [
    { 'marker.color': [[1, 2, 3, 4]], 'marker.cmax': 9, 'marker.colorbar.title.text': 'score' },
  ];
  const figure = {
    ...MAP,
    data: [...MAP.data, { type: 'scatter' }],
    layout: { ...MAP.layout, meta: { restyle } },
  };
  expect(choices(figure)).toEqual(['score']);
  const [planets, other] = restyled(figure, 0).data;
  expect(planets!.marker).toMatchObject({
    color: [1, 2, 3, 4],
    cmax: 9,
    size: 8,
    colorbar: { title: { text: 'score' } },
  });
  expect(other).toEqual({ type: 'scatter' });
  expect(MAP.data[0]!.marker!.color).toBe('#3f7fdc');
});
