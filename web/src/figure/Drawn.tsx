import { useCallback, useMemo, useRef, useState } from 'react';

import { csvFile } from './csv';
import { DataView } from './DataView';
import type { FigureProps } from './Figure';
import { tracksOf } from './hover';
import { isMap, planetsWithin } from './lasso';
import { entriesOf, hiddenBy } from './legend';
import { LegendButtons } from './LegendButtons';
import { pngFile, svgFile } from './picture';
import { figureTitle, panes, type View } from './plan';
import { plainText } from './richText';
import { Plot } from './Plot';
import { isEmpty } from './values';
import { choices, restyled } from './restyle';
import { save } from './save';
import { Toolbar } from './Toolbar';
import type { Tool } from './useGestures';
import { usePlan } from './usePlan';
import { useWidth } from './useSize';
import { about } from './zoom';

const NONE: ReadonlySet<string> = new Set();

/** A figure with its legend, tools and files. */
export function Drawn({ name, title, figure: given, onPlanet, onChosen }: FigureProps) {
  const ref = useRef<HTMLDivElement>(null);
  const width = useWidth(ref);
  const [view, setView] = useState<View>({});
  const [hidden, setHidden] = useState(NONE);
  const [tool, setTool] = useState<Tool>('zoom');
  const [colour, setColour] = useState(0);
  const [chosen, setChosen] = useState(NONE);
  const [asTable, setAsTable] = useState(false);

  const colours = useMemo(() => choices(given), [given]);
  const figure = useMemo(() => restyled(given, colour), [given, colour]);
  const entries = useMemo(() => entriesOf(figure), [figure]);
  const isHidden = useMemo(() => hiddenBy(entries, hidden), [entries, hidden]);
  const plan = usePlan({ figure, width, view, isHidden });

  const change = useCallback(
    (next: View | null) => setView((before) => (next ? { ...before, ...next } : {})),
    [],
  );
  const choose = (planets: string[]) => {
    setChosen(new Set(planets));
    onChosen?.(planets);
  };
  const toggle = (key: string) =>
    setHidden((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  const heading = plainText(figureTitle(figure)) || title;
  const picture = plan && { plan, title: heading, legend: entries.filter((entry) => !hidden.has(entry.key)) };
  const actions = {
    zoom: (factor: number) => {
      if (!plan) return;
      const parts = panes(plan).map((pane) =>
        about(pane, factor, pane.box.x + pane.box.width / 2, pane.box.y + pane.box.height / 2),
      );
      change(Object.assign({}, ...parts) as View);
    },
    reset: () => change(null),
    chooseSeen: () => plan && choose(planetsWithin(plan.paper, tracksOf(plan))),
    svg: () => picture && save(`${name}.svg`, svgFile(picture), 'image/svg+xml'),
    png: () => picture && void pngFile(picture).then((blob) => save(`${name}.png`, blob, 'image/png')),
    csv: () => save(`${name}.csv`, csvFile(figure), 'text/csv'),
    table: () => setAsTable((before) => !before),
  };
  return (
    <div ref={ref}>
      {figureTitle(figure) && <p className="text-sm font-semibold">{heading}</p>}
      {colours.length > 1 && (
        <label className="mb-1 flex items-center gap-2 text-sm text-soft">
          colour
          <select
            className="control"
            value={colour}
            onChange={(event) => setColour(Number(event.target.value))}
          >
            {colours.map((one, i) => (
              <option key={one} value={i}>
                {one}
              </option>
            ))}
          </select>
        </label>
      )}
      {isEmpty(figure) && <p className="text-sm text-soft">There is nothing of this to draw here.</p>}
      {plan && !isEmpty(figure) && (
        <>
          <LegendButtons entries={entries} hidden={hidden} palette={plan.palette} toggle={toggle} />
          <Plot
            plan={plan}
            name={name}
            label={`figure: ${heading}; arrow keys read its points, plus and minus zoom`}
            tool={tool}
            chosen={chosen}
            onView={change}
            onChosen={choose}
            onPlanet={onPlanet}
          />
          <Toolbar
            tool={tool}
            setTool={setTool}
            isMap={isMap(figure)}
            isZoomed={Object.keys(view).length > 0}
            hasTable={asTable}
            actions={actions}
          />
          {asTable && <DataView figure={figure} label={heading} />}
        </>
      )}
    </div>
  );
}
