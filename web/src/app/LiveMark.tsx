import { type How, useChanges } from './changes';

const WORDS: Record<How, [string, string, string]> = {
  pushed: ['bg-good', 'Live', 'The server tells changes by itself'],
  asked: ['bg-warn', 'Asking', 'The stream of changes is not there: they are asked for every 5 s'],
  lost: [
    'bg-bad',
    'No server',
    'The server does not answer: is `spectramind serve` still running?',
  ],
};

/** How changes arrive. */
export function LiveMark() {
  const { how } = useChanges();
  const [colour, word, title] = WORDS[how];
  return (
    <span className="flex grow items-center gap-2 text-xs text-soft" title={title} role="status">
      <span aria-hidden className={`h-2 w-2 rounded-full ${colour}`} />
      {word}
    </span>
  );
}
