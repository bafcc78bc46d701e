import type { Palette } from './palette';
import { planned, type Plan, type View } from './plan';
import type { FigureDict, Layout, Trace } from './plotly';

/** Colours and figures that tests draw with. */
export const PALETTE: Palette = {
  ink: '#111111',
  soft: '#555555',
  line: '#aaaaaa',
  grid: '#eeeeee',
  panel: '#ffffff',
  font: 'sans-serif',
};

export function figureOf(data: Trace[], layout: Layout = {}): FigureDict {
  return { data, layout: { margin: { l: 50, r: 10, t: 10, b: 40 }, height: 250, ...layout } };
}

/** 460 x 250: the paper is 400 wide and 200 high. */
export function planOf(figure: FigureDict, view: View = {}): Plan {
  return planned(figure, { width: 460, view, isHidden: () => false, palette: PALETTE });
}

export const MAP = figureOf(
  [
    {
      type: 'scatter',
      mode: 'markers',
      meta: 'planets',
      name: 'new',
      x: [0, 1, 2, 3],
      y: [0, 1, 2, null],
      customdata: ['A', 'B', 'C', 'D'],
      hovertext: ['<b>A</b><br>depth 1', 'B', 'C', 'D'],
      hoverinfo: 'text',
      marker: { color: '#3f7fdc', size: 8 },
    },
  ],
  { xaxis: { range: [-1, 3] }, yaxis: { range: [-1, 3] } },
);
