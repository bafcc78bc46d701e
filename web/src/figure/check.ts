import supported from './supported.json';
import { axesOf, type FigureDict } from './plotly';

/** What of the schema the renderer draws: key paths by trace type and of the layout, and the values
 * that some of them may have. tests/diagnostics/test_figure_schema.py reads the same file. */
interface Supported {
  traces: Record<string, string[]>;
  layout: string[];
  values: Record<string, unknown[]>;
}

const SUPPORTED: Supported = supported;

/** Keys whose contents are data or free text, not schema. */
const OPAQUE = new Set(['meta', 'customdata']);

/** Every key path and value of a part of a figure: axes' numbers are dropped, lists of dicts are [] . */
function* leaves(value: unknown, path: string): Generator<[string, unknown]> {
  const last = path.slice(path.lastIndexOf('.') + 1);
  if (OPAQUE.has(last)) yield [path, null];
  else if (Array.isArray(value) && isDict(value[0])) {
    for (const one of value) yield* leaves(one, `${path}[]`);
  } else if (isDict(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const name = key.replace(/^([xy]axis)\d+$/, '$1');
      yield* leaves(inner, path ? `${path}.${name}` : name);
    }
  } else yield [path, value];
}

function isDict(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function of(kind: string, known: string[], part: unknown): string[] {
  const problems: string[] = [];
  for (const [path, value] of leaves(part, '')) {
    const full = `${kind}.${path}`;
    const allowed = SUPPORTED.values[full];
    if (!known.includes(path)) problems.push(full);
    else if (
      allowed &&
      !(Array.isArray(value) ? value : [value]).every((v) => v === null || allowed.includes(v))
    )
      problems.push(`${full} = ${JSON.stringify(value)}`);
  }
  return problems;
}

/** Shapes and annotations that stand on an axis that there is not. */
function lostRefs({ data, layout }: FigureDict): string[] {
  const axes = new Set([
    ...axesOf(layout).keys(),
    ...data.flatMap((trace) => [trace.xaxis ?? 'x', trace.yaxis ?? 'y']),
  ]);
  const parts = [...(layout.shapes ?? []), ...(layout.annotations ?? [])];
  const refs = parts.flatMap((one) => [one.xref ?? 'x', one.yref ?? 'y']);
  return refs
    .filter((ref) => ref !== 'paper' && !axes.has(ref.replace(/ domain$/, '')))
    .map((ref) => `axis ${ref}`);
}

/** What a figure asks for that the renderer does not draw; empty where it draws all. */
export function unsupported(figure: FigureDict): string[] {
  const problems = of('layout', SUPPORTED.layout, figure.layout);
  for (const trace of figure.data) {
    const known = SUPPORTED.traces[trace.type];
    if (known) problems.push(...of(trace.type, known, trace));
    else problems.push(`trace type ${JSON.stringify(trace.type)}`);
  }
  return [...new Set([...problems, ...lostRefs(figure)])];
}
