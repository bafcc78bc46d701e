import { Link } from 'wouter';
import { to } from '../../app/address';
import { percent, plural } from '../../app/format';
import { Card } from '../../app/tremor';
import type { FolderRow, FolderView, Words } from '../../app/types';
import { Whiskers } from '../../parts/Whisker';

const MARKS = {
  good: ['✓', 'bg-good', 'good'],
  look: ['!', 'bg-warn', 'look at it'],
  bad: ['✕', 'bg-bad', 'bad'],
} as const;
const EDGES = { good: '!border-l-good', look: '!border-l-warn', bad: '!border-l-bad' } as const;

type Level = Words['level'];

function worst(words: readonly Words[]): Level {
  if (words.some((one) => one.level === 'bad')) return 'bad';
  return words.some((one) => one.level === 'look') ? 'look' : 'good';
}

function Mark({ level }: { level: Level }) {
  const [sign, colour, meaning] = MARKS[level];
  return (
    <span
      className={`grid h-6 w-6 shrink-0 place-items-center rounded-full text-xs font-bold text-panel ${colour}`}
    >
      <span aria-hidden>{sign}</span>
      <span className="unseen">{meaning}: </span>
    </span>
  );
}

function Score({ row }: { row: FolderRow }) {
  if (row.score === null) return null;
  const { score, low, high } = row;
  const scored = row.coverage === null ? '' : `, ${percent(row.coverage)} within 1 sigma`;
  return (
    <div className="mt-4 max-w-3xl">
      <Whiskers
        of={[
          { name: 'Score', value: score, low: low ?? score, high: high ?? score, tone: 'model' },
        ]}
        from={0}
        to={1}
      />
      <p className="mt-2 text-xs text-soft">
        0 to 1, with its bootstrap interval; {plural(row.planets, 'planet')}
        {scored}.
      </p>
    </div>
  );
}

function Reasons({ of, folder }: { of: readonly Words[]; folder: string }) {
  return (
    <ul className="mt-3 grid max-w-4xl gap-2">
      {of.map((one) => (
        <li key={`${one.topic} ${one.anchor} ${one.text}`} className="flex gap-3">
          <Mark level={one.level} />
          <span className="min-w-0">
            {one.text} <Link href={to.topic(folder, one.topic, one.anchor)}>{one.title}</Link>
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The headline, its reasons with the panels that show them, and the score. */
export function Verdict({ view }: { view: FolderView }) {
  const edge = view.words.length > 0 ? `border-l-[6px] ${EDGES[worst(view.words)]}` : '';
  const good = view.words.filter((one) => one.level === 'good');
  const other = view.words.filter((one) => one.level !== 'good');
  const { name } = view.folder;
  return (
    <Card className={edge}>
      <h2 className="text-xl">{view.headline}</h2>
      <Score row={view.folder} />
      {other.length > 0 && <Reasons of={other} folder={name} />}
      {good.length > 0 && (
        <details open={other.length === 0} className="mt-3">
          <summary className="cursor-pointer text-sm text-soft">
            {plural(good.length, 'thing is', 'things are')} fine
          </summary>
          <Reasons of={good} folder={name} />
        </details>
      )}
    </Card>
  );
}
