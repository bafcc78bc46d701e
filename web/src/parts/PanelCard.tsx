import { useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';

import { to } from '../app/address';
import { csv } from '../app/api';
import { plural } from '../app/format';
import { Card } from '../app/tremor';
import type { AbsentView, PanelView } from '../app/types';
import { save } from '../figure/save';
import { Copy } from './Copy';
import { Download } from './Download';
import { Empty } from './Empty';
import { panelElements } from './panelHtml';
import './panel.css';

interface Props {
  folder: string;
  panel: PanelView;
}

/** A panel of the report: its sentence, its tables and figures, and files of both. */
export function PanelCard({ folder, panel }: Props) {
  const [, go] = useLocation();
  const [chosen, setChosen] = useState<string[] | null>(null);
  const body = useMemo(
    () =>
      panelElements(panel.html, {
        title: panel.title,
        figures: panel.figures,
        planetAddress: (id) => to.planet(folder, id),
        onPlanet: (id) => go(to.planet(folder, id)),
        onChosen: setChosen,
      }),
    [panel, folder, go],
  );
  return (
    <Card>
      <section id={panel.anchor} aria-labelledby={`${panel.anchor}-title`} className="scroll-mt-4">
        <header className="mb-1 flex flex-wrap items-start gap-x-4 gap-y-1">
          <h2 id={`${panel.anchor}-title`} className="grow">
            {panel.title}
          </h2>
          {panel.tables.map((name) => (
            <Download key={name} href={csv.table(folder, name)} label={`${name}.csv`} />
          ))}
        </header>
        {panel.absent ? (
          <Absent of={panel.absent} />
        ) : (
          <>
            {panel.look_for && <p className="report-lead">{panel.look_for}</p>}
            <div className="report-body mt-2">{body}</div>
            {chosen && <Chosen folder={folder} planets={chosen} clear={() => setChosen(null)} />}
          </>
        )}
      </section>
    </Card>
  );
}

/** What a panel lacks, as a sentence of its own. */
function Absent({ of }: { of: AbsentView }) {
  const what = of.what.charAt(0).toUpperCase() + of.what.slice(1);
  return <Empty what={what} reason={of.reason || 'This was not made yet.'} command={of.command} />;
}

/** Planets that were circled on a map. */
function Chosen({ folder, planets, clear }: { folder: string; planets: string[]; clear: () => void }) {
  return (
    <div role="status" className="mt-3 rounded-lg border border-line p-3">
      <div className="flex flex-wrap items-center gap-2">
        <p className="grow font-semibold">
          {planets.length ? `${plural(planets.length, 'planet')} chosen` : 'No planet in the loop'}
        </p>
        {planets.length > 0 && (
          <>
            <Copy text={planets.join('\n')} label="Copy ids" />
            <button
              type="button"
              className="control"
              onClick={() => save('planets.csv', `planet\r\n${planets.join('\r\n')}\r\n`, 'text/csv')}
            >
              ↓ CSV
            </button>
          </>
        )}
        <button type="button" className="control" onClick={clear}>
          Close
        </button>
      </div>
      <ul className="mt-2 flex max-h-40 flex-wrap gap-x-4 gap-y-1 overflow-auto text-sm tabular-nums">
        {planets.map((id) => (
          <li key={id}>
            <Link href={to.planet(folder, id)}>{id}</Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
