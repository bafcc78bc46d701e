import { textWidth } from './measure';
import type { Palette } from './palette';
import type { Pen } from './pen';
import { symbolPath, isOpen } from './marks/symbols';
import type { FigureDict, Trace } from './plotly';

/** One entry: traces of a legend group are shown and hidden together. */
export interface Entry {
  key: string;
  name: string;
  traces: Trace[];
  /** The one whose look stands in the legend. */
  sample: Trace;
}

export const SWATCH = { width: 26, height: 14 };

function keyOf(trace: Trace, index: number): string {
  return trace.legendgroup ? `group ${trace.legendgroup}` : `trace ${index}`;
}

/** Entries of a figure's legend; none where it has none (as Plotly: a single trace needs none). */
export function entriesOf(figure: FigureDict): Entry[] {
  const { data, layout } = figure;
  if (layout.showlegend === false) return [];
  const found = new Map<string, Entry>();
  data.forEach((trace, index) => {
    if (trace.type === 'heatmap') return;
    const key = keyOf(trace, index);
    const entry = found.get(key);
    const shown = trace.showlegend !== false && Boolean(trace.name);
    if (!entry)
      found.set(key, { key, name: shown ? (trace.name ?? '') : '', traces: [trace], sample: trace });
    else {
      entry.traces.push(trace);
      if (shown && !entry.name) Object.assign(entry, { name: trace.name, sample: trace });
    }
  });
  const named = [...found.values()].filter((entry) => entry.name);
  const explicit = data.some((trace) => trace.showlegend === true);
  return named.length > 1 || explicit ? named : [];
}

/** The keys of what is hidden as a test of traces. */
export function hiddenBy(entries: Entry[], keys: ReadonlySet<string>): (trace: Trace) => boolean {
  const hidden = new Set(entries.filter((entry) => keys.has(entry.key)).flatMap((entry) => entry.traces));
  return (trace) => hidden.has(trace);
}

/** A trace's look in small, its left middle at (x, y). */
export function drawSwatch(pen: Pen, trace: Trace, x: number, y: number, palette: Palette): void {
  const mode = trace.type === 'bar' ? 'bar' : (trace.mode ?? 'lines');
  const { width } = SWATCH;
  const line = trace.line?.color;
  const rect = `M${x},${y - 5}h${width - 4}v10h${4 - width}Z`;
  if (mode === 'bar') {
    const colour = trace.marker?.color;
    pen.path(rect, { fill: typeof colour === 'string' ? colour : palette.soft, opacity: trace.opacity });
    return;
  }
  if (trace.fill) pen.path(rect, { fill: trace.fillcolor ?? line, opacity: trace.opacity });
  if (mode.includes('lines') && trace.line?.width !== 0) {
    const stroke = Math.min(trace.line?.width ?? 2, 8);
    pen.path(`M${x},${y}h${width - 4}`, {
      stroke: line,
      width: stroke,
      dash: trace.line?.dash,
      opacity: trace.opacity,
    });
  }
  if (!mode.includes('markers')) return;
  const { color, symbol = 'circle' } = trace.marker ?? {};
  const own = typeof color === 'string' ? color : (line ?? palette.soft);
  const d = symbolPath(symbol, x + (width - 4) / 2, y, 8);
  pen.path(d, isOpen(symbol) ? { stroke: own, width: 1.4 } : { fill: own });
}

export interface PlacedEntry {
  entry: Entry;
  x: number;
  y: number;
}

const SIZE = 12;
const ROW = 20;

/** Entries in rows of a width, for pictures: on the page the legend is buttons. */
export function legendRows(entries: Entry[], width: number): { placed: PlacedEntry[]; height: number } {
  let x = 0;
  let y = ROW / 2;
  const placed = entries.map((entry) => {
    const wide = SWATCH.width + textWidth(entry.name, SIZE) + 18;
    if (x > 0 && x + wide > width) {
      x = 0;
      y += ROW;
    }
    const at = { entry, x, y };
    x += wide;
    return at;
  });
  return { placed, height: entries.length ? y + ROW / 2 + 4 : 0 };
}
