import { useCallback, useEffect, useState } from 'react';
import { type Address, ApiError, get } from './api';

export interface Answer<T> {
  data: T | undefined;
  error: ApiError | undefined;
  /** A request is on its way; ``data`` is then what was there before. */
  loading: boolean;
  reload: () => void;
}

interface Kept<T> {
  url: string;
  /** The request that was answered last. */
  asked: string;
  data?: T;
  error?: ApiError;
}

/**
 * What an address answers; asked again when the address or ``version`` changes.
 *
 * A new version keeps the old data until the new are there; so does a new address where ``keep`` says
 * so (the next page of the same table). null asks nothing.
 */
export function useAnswer<T>(
  address: Address<T> | null,
  { version = 0, keep = false }: { version?: number | string; keep?: boolean } = {},
): Answer<T> {
  const [kept, setKept] = useState<Kept<T>>({ url: '', asked: '' });
  const [turn, setTurn] = useState(0);
  const url = address?.url ?? null;
  const asked = `${version} ${turn} ${url ?? ''}`;

  useEffect(() => {
    if (url === null) return;
    const control = new AbortController();
    get<T>({ url }, control.signal).then(
      (data) => setKept({ url, asked, data }),
      (error: unknown) => {
        if (control.signal.aborted) return;
        const told = error instanceof ApiError ? error : new ApiError(0, String(error));
        setKept((before) => ({ ...(before.url === url && before), url, asked, error: told }));
      },
    );
    return () => control.abort();
  }, [url, asked]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const mine = kept.url === url || (keep && url !== null);
  return {
    data: mine ? kept.data : undefined,
    error: kept.url === url ? kept.error : undefined,
    loading: url !== null && kept.asked !== asked,
    reload,
  };
}
