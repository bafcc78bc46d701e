// The figures of this view, as the dicts that the panels' figures are, too.
import type { FigureDict, Trace } from '../../figure/plotly';
import type { Comparison, SpectraTogether } from '../../app/types';

// Told apart without colours as well: in greys they differ in lightness.
const COLOURS = ['#3f7fdc', '#d9822b', '#2a9d74', '#b0539f', '#8b6d3f', '#5a6b7f'];
const REFERENCE = '#8b93a1';

export function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? REFERENCE;
}

function faint(hex: string): string {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${r},${g},${b},0.16)`;
}

function diagonal(low: number, high: number): Trace {
  return {
    type: 'scatter',
    mode: 'lines',
    x: [low, high],
    y: [low, high],
    line: { color: REFERENCE, width: 1, dash: 'dot' },
    hoverinfo: 'skip',
    showlegend: false,
  };
}

/** One dot a planet: its score in one run against that in another. Null where neither scored one. */
export function scatterSpec(of: Comparison, first: number, second: number): FigureDict | null {
  const x: number[] = [];
  const y: number[] = [];
  const planets: string[] = [];
  of.planet_ids.forEach((planet, index) => {
    const [a, b] = [of.scores[first]?.[index], of.scores[second]?.[index]];
    if (typeof a !== 'number' || typeof b !== 'number') return;
    x.push(a);
    y.push(b);
    planets.push(planet);
  });
  if (planets.length === 0) return null;
  const all = [...x, ...y];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = 0.04 * Math.max(high - low, 0.01);
  const range: [number, number] = [low - room, high + room];
  const dots: Trace = {
    type: 'scatter',
    mode: 'markers',
    name: 'planets',
    meta: 'planets',
    x,
    y,
    customdata: planets,
    hovertemplate: 'planet %{customdata}<br>%{x:.3f} → %{y:.3f}<extra></extra>',
    marker: { color: colour(0), size: 7, opacity: 0.75 },
    showlegend: false,
  };
  return {
    data: [diagonal(...range), dots],
    layout: {
      height: 420,
      xaxis: { title: { text: `score in ${of.names[first] ?? ''}` }, range: [...range] },
      yaxis: { title: { text: `score in ${of.names[second] ?? ''}` }, range: [...range] },
    },
  };
}

type Values = readonly (number | null)[];
type Cells = (number | null)[];

/** The outline of mu ± sigma, one ring for each stretch that is known. */
function band(x: readonly number[], mu: Values, sigma: Values): { x: Cells; y: Cells } {
  const ring: { x: Cells; y: Cells } = { x: [], y: [] };
  let stretch: [number, number, number][] = [];
  const close = () => {
    if (stretch.length === 0) return;
    const back = [...stretch].reverse();
    ring.x.push(...stretch.map(([at]) => at), ...back.map(([at]) => at), null);
    ring.y.push(...stretch.map(([, , high]) => high), ...back.map(([, low]) => low), null);
    stretch = [];
  };
  x.forEach((at, index) => {
    const [value, width] = [mu[index], sigma[index]];
    if (typeof value === 'number' && typeof width === 'number') {
      stretch.push([at, value - width, value + width]);
    } else close();
  });
  close();
  return ring;
}

// The first bin is FGS1's, far from AIRS's: a line between them would show what was not measured.
const FGS1 = 0;

function ofFgs1(
  of: SpectraTogether,
  name: string,
  mu: Values,
  sigma: Values | null,
  hue: string,
): Trace {
  return {
    type: 'scatter',
    mode: 'markers',
    name,
    legendgroup: name,
    x: [of.wavelength_um[FGS1] ?? null],
    y: [mu[FGS1] ?? null],
    ...(sigma && {
      error_y: { array: [sigma[FGS1] ?? null], color: hue, thickness: 1.2, width: 3 },
    }),
    marker: { color: hue, size: 7, symbol: sigma ? 'circle' : 'diamond' },
    showlegend: false,
  };
}

function line(of: SpectraTogether, name: string, mu: Values, hue: string, dash?: string): Trace {
  return {
    type: 'scatter',
    mode: 'lines',
    name,
    legendgroup: name,
    x: of.wavelength_um.slice(1),
    y: mu.slice(1),
    line: { color: hue, width: 1.6, ...(dash && { dash }) },
  };
}

/** A planet's spectra on top of each other, each with its band (FGS1: bar) of one sigma; below them
 * what each gas alone would draw. */
export function spectraSpec(of: SpectraTogether): FigureDict {
  const x = of.wavelength_um;
  const data: Trace[] = of.spectra.flatMap(({ name, mu_ppm, sigma_ppm }, index): Trace[] => [
    {
      ...band(x.slice(1), mu_ppm.slice(1), sigma_ppm.slice(1)),
      type: 'scatter',
      mode: 'lines',
      fill: 'toself',
      fillcolor: faint(colour(index)),
      line: { width: 0, color: colour(index) },
      legendgroup: name,
      hoverinfo: 'skip',
      showlegend: false,
    },
    line(of, name, mu_ppm, colour(index)),
    ofFgs1(of, name, mu_ppm, sigma_ppm, colour(index)),
  ]);
  if (of.truth_ppm) {
    data.push(
      line(of, 'truth', of.truth_ppm, REFERENCE, 'dash'),
      ofFgs1(of, 'truth', of.truth_ppm, null, REFERENCE),
    );
  }
  return {
    data: [...data, ...(of.strip as unknown as Trace[])],
    layout: {
      height: 520,
      showlegend: true,
      xaxis: { title: { text: 'wavelength (µm)' }, anchor: 'y2' },
      yaxis: { title: { text: 'transit depth (ppm)' }, domain: [0.25, 1] },
      yaxis2: {
        title: { text: 'each gas' },
        domain: [0, 0.21],
        range: [0, 1.12],
        showticklabels: false,
      },
    },
  };
}

/** Stated against found probability of each run, in one figure. */
export function reliabilitySpec(of: Comparison['reliability']): FigureDict {
  return {
    data: [
      diagonal(0, 1),
      ...of.map((curve, index): Trace => ({
        type: 'scatter',
        mode: 'lines',
        name: curve.name,
        x: curve.stated,
        y: curve.found,
        line: { color: colour(index), width: 1.8 },
      })),
    ],
    layout: {
      height: 400,
      showlegend: true,
      xaxis: { title: { text: 'stated probability' }, range: [0, 1] },
      yaxis: { title: { text: 'share of errors below it' }, range: [0, 1] },
    },
  };
}
