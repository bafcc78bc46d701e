import type {
  Comparison,
  FolderRow,
  FolderView,
  LightCurveWindow,
  LogLines,
  PlanetRows,
  PlanetView,
  RunDetail,
  RunRows,
  SpectraTogether,
  TopicView,
} from './types';

type Query = Record<string, string | number | readonly string[] | undefined>;

/** An address of the server and the type of what it answers. */
export interface Address<T> {
  readonly url: string;
  /** Never set: it carries the type. */
  readonly answers?: T;
}

/** The one shape of everything that can go wrong on the way to an answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

function part(text: string): string {
  return encodeURIComponent(text);
}

/** ``?a=1&b=2``, of what is set. */
export function query(of: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(of)) {
    for (const one of Array.isArray(value) ? (value as string[]) : [value]) {
      if (one !== undefined && one !== '') params.append(name, String(one));
    }
  }
  const text = params.toString();
  return text && `?${text}`;
}

const folder = (name: string) => `/api/folders/${part(name)}`;
const run = (name: string, id: string) => `${folder(name)}/runs/${part(id)}`;

/** Every route of the server, with the type of its answer. */
export const at = {
  folders: (): Address<FolderRow[]> => ({ url: '/api/folders' }),
  folder: (name: string): Address<FolderView> => ({ url: folder(name) }),
  runs: (of: Query): Address<RunRows> => ({ url: `/api/runs${query(of)}` }),
  run: (name: string, id: string): Address<RunDetail> => ({ url: run(name, id) }),
  log: (name: string, id: string, of: Query): Address<LogLines> => ({
    url: `${run(name, id)}/log${query(of)}`,
  }),
  compare: (runs: readonly string[]): Address<Comparison> => ({
    url: `/api/compare${query({ run: runs })}`,
  }),
  spectra: (runs: readonly string[], planet: string): Address<SpectraTogether> => ({
    url: `/api/compare/spectra${query({ run: runs, planet })}`,
  }),
  planets: (name: string, of: Query): Address<PlanetRows> => ({
    url: `${folder(name)}/planets${query(of)}`,
  }),
  planet: (name: string, planet: string, of: Query = {}): Address<PlanetView> => ({
    url: `${folder(name)}/planets/${part(planet)}${query(of)}`,
  }),
  lightCurve: (name: string, planet: string, of: Query): Address<LightCurveWindow> => ({
    url: `${folder(name)}/planets/${part(planet)}/light-curve${query(of)}`,
  }),
  topic: (name: string, topic: string): Address<TopicView> => ({
    url: `${folder(name)}/topics/${part(topic)}`,
  }),
};

/** Addresses of CSV files, for links. */
export const csv = {
  runs: (of: Query) => `/api/runs.csv${query(of)}`,
  planets: (name: string, of: Query) => `${folder(name)}/planets.csv${query(of)}`,
  table: (name: string, table: string) => `${folder(name)}/tables/${part(table)}.csv`,
};

function sentence(status: number, detail: unknown): string {
  if (status === 401) {
    return 'This browser is not let in: open the address that `spectramind serve` printed.';
  }
  if (typeof detail === 'string' && detail) return detail;
  return `The server answered ${status}: its terminal says more.`;
}

/** What an address answers. Throws ApiError; an aborted request throws AbortError. */
export async function get<T>(address: Address<T>, signal?: AbortSignal): Promise<T> {
  let reply: Response;
  try {
    reply = await fetch(address.url, {
      credentials: 'same-origin',
      headers: { Accept: 'application/json' },
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'The server does not answer: is `spectramind serve` still running?');
  }
  const body: unknown = await reply.json().catch(() => undefined);
  if (!reply.ok || body === undefined) {
    const detail = (body as { detail?: unknown } | undefined)?.detail;
    throw new ApiError(reply.status, sentence(reply.status, detail));
  }
  return body as T;
}
