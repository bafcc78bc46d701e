import { drawSwatch, SWATCH, type Entry } from './legend';
import { NodePen } from './nodePen';
import type { Palette } from './palette';
import { SvgNodes } from './SvgNodes';
import { Words } from './Words';

interface Props {
  entries: Entry[];
  hidden: ReadonlySet<string>;
  palette: Palette;
  toggle: (key: string) => void;
}

function Swatch({ entry, palette }: { entry: Entry; palette: Palette }) {
  const pen = new NodePen('swatch');
  drawSwatch(pen, entry.sample, 0, SWATCH.height / 2, palette);
  return (
    <svg aria-hidden width={SWATCH.width - 2} height={SWATCH.height} className="shrink-0">
      <SvgNodes nodes={pen.nodes} />
    </svg>
  );
}

/** A legend whose entries show and hide what they name. */
export function LegendButtons({ entries, hidden, palette, toggle }: Props) {
  if (!entries.length) return null;
  return (
    <ul aria-label="Legend" className="flex flex-wrap gap-x-3 gap-y-0.5 text-xs">
      {entries.map((entry) => (
        <li key={entry.key}>
          <button
            type="button"
            aria-pressed={!hidden.has(entry.key)}
            className={`flex items-center gap-1 rounded px-1 py-0.5 hover:bg-page ${hidden.has(entry.key) ? 'text-soft line-through' : ''}`}
            onClick={() => toggle(entry.key)}
          >
            <Swatch entry={entry} palette={palette} />
            <span>
              <Words text={entry.name} />
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
