/** The part of Plotly's schema that the panels draw with; supported.json lists it key by key. */

export type Cell = number | string | null;
export type ColourScale = string | [number, string][];

export interface Title {
  text: string;
  standoff?: number;
  font?: { size?: number };
}

export interface LineStyle {
  color?: string;
  width?: number;
  dash?: string;
  shape?: string;
}

export interface ColourBar {
  orientation?: string;
  thickness?: number;
  len?: number;
  y?: number;
  yanchor?: string;
  title?: { text?: string; side?: string };
  tickvals?: number[] | null;
  ticktext?: string[] | null;
  nticks?: number;
}

export interface Marker {
  color?: string | Cell[];
  size?: number | number[];
  symbol?: string;
  opacity?: number | number[];
  line?: { width?: number; color?: string };
  cmin?: number;
  cmax?: number;
  colorscale?: ColourScale;
  colorbar?: ColourBar;
  pattern?: { shape?: string; size?: number; fgcolor?: string; fgopacity?: number; solidity?: number };
}

export interface ErrorBars {
  array?: (number | null)[];
  arrayminus?: (number | null)[];
  symmetric?: boolean;
  color?: string;
  thickness?: number;
  width?: number;
}

export interface PackedArray {
  dtype: string;
  bdata: string;
  shape?: string;
}

export interface Trace {
  type: string;
  name?: string;
  meta?: string;
  mode?: string;
  x?: Cell[];
  y?: Cell[];
  z?: (number | null)[][] | PackedArray;
  x0?: number;
  dx?: number;
  xaxis?: string;
  yaxis?: string;
  line?: LineStyle;
  marker?: Marker;
  fill?: string;
  fillcolor?: string;
  opacity?: number;
  error_x?: ErrorBars;
  error_y?: ErrorBars;
  base?: number[];
  width?: number | number[];
  orientation?: string;
  text?: Cell[] | (string | null)[][];
  textposition?: string | string[];
  textfont?: { size?: number; color?: string };
  texttemplate?: string;
  hoverinfo?: string;
  hovertext?: (string | null)[];
  hovertemplate?: string;
  customdata?: Cell[];
  showlegend?: boolean;
  legendgroup?: string;
  zmin?: number;
  zmax?: number;
  colorscale?: ColourScale;
  showscale?: boolean;
  colorbar?: ColourBar;
  xgap?: number;
  ygap?: number;
}

export interface AxisLayout {
  type?: string;
  title?: Title | string;
  domain?: [number, number];
  range?: [number, number];
  anchor?: string;
  tickvals?: number[];
  ticktext?: string[];
  tickformat?: string;
  tickangle?: number;
  tickfont?: { size?: number };
  dtick?: number | string;
  nticks?: number;
  showgrid?: boolean;
  zeroline?: boolean;
  showticklabels?: boolean;
  ticks?: string;
  rangemode?: string;
  autorange?: string;
  fixedrange?: boolean;
  exponentformat?: string;
  scaleanchor?: string;
  categoryarray?: string[];
}

export interface Shape {
  type: string;
  xref?: string;
  yref?: string;
  x0: number;
  x1: number;
  y0: number;
  y1: number;
  layer?: string;
  line?: LineStyle;
  fillcolor?: string;
  label?: {
    text?: string;
    textposition?: string;
    xanchor?: string;
    yanchor?: string;
    padding?: number;
    font?: { size?: number };
  };
}

export interface Annotation {
  text: string;
  x: number;
  y: number;
  xref?: string;
  yref?: string;
  xanchor?: string;
  yanchor?: string;
  textangle?: number;
  font?: { size?: number };
}

export interface Layout {
  height?: number;
  margin?: { l?: number; r?: number; t?: number; b?: number };
  title?: Title | string;
  legend?: { y?: number; x?: number };
  showlegend?: boolean;
  hovermode?: string;
  barmode?: string;
  bargap?: number;
  shapes?: Shape[];
  annotations?: Annotation[];
  meta?: { restyle?: Record<string, unknown>[] };
  [axis: string]: unknown;
}

export interface FigureDict {
  data: Trace[];
  layout: Layout;
}

const AXIS_KEY = /^([xy])axis(\d*)$/;

/** Axes of a layout by Plotly's names of them ("x", "y2"). */
export function axesOf(layout: Layout): Map<string, AxisLayout> {
  const found = new Map<string, AxisLayout>();
  for (const [key, value] of Object.entries(layout)) {
    const parts = AXIS_KEY.exec(key);
    if (parts) found.set(`${parts[1]}${parts[2]}`, value as AxisLayout);
  }
  return found;
}

export function titleText(title: Title | string | undefined): string {
  return typeof title === 'string' ? title : (title?.text ?? '');
}
