import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { at, get } from './api';
import type { Changes, RunRow } from './types';

/** How changes arrive: pushed by the server, asked for, or not at all. */
export type How = 'pushed' | 'asked' | 'lost';
interface Live extends Changes {
  how: How;
}

const NOTHING: Live = { running: [], events: {}, how: 'asked' };
const AGAIN_MS = 5000;
const Context = createContext<Live>(NOTHING);

/** The same as an event of the stream, where there is none. */
async function ask(signal: AbortSignal): Promise<Changes> {
  const [running, folders] = await Promise.all([
    get(at.runs({ state: 'running', size: 100 }), signal),
    get(at.folders(), signal),
  ]);
  return {
    running: running.rows,
    events: Object.fromEntries(folders.map((one) => [one.name, one.commands])),
  };
}

function follow(tell: (next: Live | ((before: Live) => Live)) => void): () => void {
  const control = new AbortController();
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const poll = () => {
    ask(control.signal).then(
      (changes) => tell({ ...changes, how: 'asked' }),
      () => control.signal.aborted || tell((before) => ({ ...before, how: 'lost' })),
    );
  };
  const open = () => {
    source = new EventSource('/api/changes');
    source.onmessage = (event: MessageEvent<string>) => {
      tell({ ...(JSON.parse(event.data) as Changes), how: 'pushed' });
    };
    // The browser tries again by itself only while the server was never rude: so always begin anew.
    source.onerror = () => {
      source?.close();
      poll();
      clearTimeout(timer);
      timer = setTimeout(open, AGAIN_MS);
    };
  };
  open();
  return () => {
    control.abort();
    clearTimeout(timer);
    source?.close();
  };
}

/** One stream of changes for the whole page. */
export function ChangesProvider({ children }: { children: ReactNode }) {
  const [live, setLive] = useState(NOTHING);
  useEffect(() => follow(setLive), []);
  return <Context.Provider value={live}>{children}</Context.Provider>;
}

/** Commands that run now, each folder's number of events, and how this is known. */
export function useChanges(): Live {
  return useContext(Context);
}

/** Changes when something began or ended in a folder (in any, without one): a ``version`` to ask anew. */
export function useVersion(folder?: string): string {
  const { events, running } = useChanges();
  const counts = folder === undefined ? Object.values(events) : [events[folder] ?? 0];
  const ids = running.filter((run) => folder === undefined || run.folder === folder);
  return `${counts.reduce((sum, count) => sum + count, 0)} ${ids.map((run) => run.run_id).join(' ')}`;
}

/** A run as it is now: the stream knows more than the table that was asked for a while ago. */
export function useLive(): (run: RunRow) => RunRow {
  const { running } = useChanges();
  return (run) =>
    running.find((one) => one.run_id === run.run_id && one.folder === run.folder) ?? run;
}
