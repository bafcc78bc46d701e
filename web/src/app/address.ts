import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';

type Patch = Record<string, string | number | readonly string[] | null>;

export interface AddressState {
  /** A value of the query string, or the fallback. */
  get: (name: string, fallback?: string) => string;
  /** All values of a name. */
  all: (name: string) => string[];
  /** A whole number from 1, or the fallback. */
  count: (name: string, fallback: number) => number;
  /** Change some; null and '' remove. ``replace`` while one types, so that Back is of use. */
  set: (patch: Patch, options?: { replace?: boolean }) => void;
}

/** Filters, sort and page live in the query string, so that every view can be shared. */
export function useAddress(): AddressState {
  const search = useSearch();
  const [path, go] = useLocation();
  const params = useMemo(() => new URLSearchParams(search), [search]);
  const set = useCallback(
    (patch: Patch, options: { replace?: boolean } = {}) => {
      const next = new URLSearchParams(params);
      for (const [name, value] of Object.entries(patch)) {
        next.delete(name);
        const many = Array.isArray(value) ? (value as string[]) : [value];
        for (const one of many) if (one !== null && one !== '') next.append(name, String(one));
      }
      const text = next.toString();
      go(text ? `${path}?${text}` : path, options);
    },
    [params, path, go],
  );
  return useMemo(
    () => ({
      get: (name, fallback = '') => params.get(name) ?? fallback,
      all: (name) => params.getAll(name),
      count: (name, fallback) => {
        const value = Number(params.get(name));
        return Number.isInteger(value) && value >= 1 ? value : fallback;
      },
      set,
    }),
    [params, set],
  );
}

/** Addresses of the views. */
export const to = {
  runs: () => '/',
  run: (folder: string, id: string) =>
    `/run/${encodeURIComponent(folder)}/${encodeURIComponent(id)}`,
  compare: (runs: readonly string[]) =>
    `/compare?${runs.map((one) => `run=${encodeURIComponent(one)}`).join('&')}`,
  folder: (folder: string) => `/folder/${encodeURIComponent(folder)}`,
  topic: (folder: string, topic: string, anchor = '') =>
    `${to.folder(folder)}/topic/${encodeURIComponent(topic)}${anchor && `#${anchor}`}`,
  planets: (folder: string) => `${to.folder(folder)}/planets`,
  planet: (folder: string, planet: string) =>
    `${to.folder(folder)}/planet/${encodeURIComponent(planet)}`,
};
