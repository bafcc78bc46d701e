import { Badge, type Tone } from '../app/tremor';
import type { RunRow } from '../app/types';

const WORDS: Record<RunRow['state'], [Tone, string]> = {
  running: ['model', 'running'],
  ok: ['good', 'ok'],
  warn: ['warn', 'warnings'],
  fail: ['bad', 'failed'],
  vanished: ['bad', 'vanished'],
};

export const STATES = Object.entries(WORDS).map(([state, [, words]]) => [state, words] as const);

/** A run's state in a word and a colour. */
export function RunState({ state }: { state: RunRow['state'] }) {
  const [tone, words] = WORDS[state];
  return <Badge tone={tone}>{words}</Badge>;
}
