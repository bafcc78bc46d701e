import type { FigureDict, Trace } from './plotly';

type Change = Record<string, unknown>;

/** Names of what points can be coloured by; empty where there is no choice. */
export function choices(figure: FigureDict): string[] {
  return (figure.layout.meta?.restyle ?? []).map((one) => {
    const title = one['marker.colorbar.title.text'];
    return typeof title === 'string' ? title : 'as it is';
  });
}

/** A copy of nested dicts with a value put at a dotted path. */
function put(target: Change, path: string[], value: unknown): Change {
  const [key = '', ...rest] = path;
  const inner = target[key];
  return { ...target, [key]: rest.length ? put((inner ?? {}) as Change, rest, value) : value };
}

/** The figure with its planets coloured by another quantity: what Plotly.restyle would do. */
export function restyled(figure: FigureDict, choice: number): FigureDict {
  const change = figure.layout.meta?.restyle?.[choice];
  if (!change) return figure;
  const repaint = (trace: Trace): Trace => {
    if (trace.meta !== 'planets') return trace;
    let next = trace as unknown as Change;
    // Plotly's restyle takes a list for a list of traces: here of one.
    for (const [path, value] of Object.entries(change))
      next = put(next, path.split('.'), Array.isArray(value) ? value[0] : value);
    return next as unknown as Trace;
  };
  return { ...figure, data: figure.data.map(repaint) };
}
