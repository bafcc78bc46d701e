import { type KeyboardEvent, useMemo, useRef, useState } from 'react';

import { ChromeLayer } from './ChromeLayer';
import { alongside, finderOf, planetOf, tracksOf, wordsOf, type Point } from './hover';
import { planetPoints, planetsIn, type Loop } from './lasso';
import { Marks } from './Marks';
import { Overlay } from './Overlay';
import { panes, type Plan, type View } from './plan';
import { Readout } from './Readout';
import { plainText } from './richText';
import { type Tool, useGestures } from './useGestures';
import { useWalk } from './useWalk';
import { about } from './zoom';

interface Props {
  plan: Plan;
  name: string;
  label: string;
  tool: Tool;
  chosen: ReadonlySet<string>;
  onView: (change: View | null) => void;
  onChosen: (planets: string[]) => void;
  onPlanet?: ((id: string) => void) | undefined;
}

/** The drawing itself: marks, axes, and what pointer and keys do with it. */
export function Plot({ plan, name, label, tool, chosen, onView, onChosen, onPlanet }: Props) {
  const ref = useRef<HTMLDivElement>(null);
  const tracks = useMemo(() => tracksOf(plan), [plan]);
  const find = useMemo(() => finderOf(tracks), [tracks]);
  const ringed = useMemo(
    () => (chosen.size ? planetPoints(tracks).filter((point) => chosen.has(planetOf(point) ?? '')) : []),
    [tracks, chosen],
  );
  const [pointed, setPointed] = useState<{ plan: Plan; point: Point } | null>(null);
  const [spoken, setSpoken] = useState('');
  // A point of a view that is gone is not shown.
  const point = pointed?.plan === plan ? pointed.point : null;
  const show = (next: Point | null) => setPointed(next && { plan, point: next });
  const open = (next: Point | null) => {
    const planet = next && planetOf(next);
    if (planet && onPlanet) onPlanet(planet);
  };

  const { brush, loop, handlers } = useGestures(ref, {
    plan,
    tool,
    onView,
    onLoop: (drawn: Loop) => onChosen(planetsIn(drawn, tracks)),
    onPoint: (x, y, pressed) => {
      const found = find(x, y);
      show(found);
      if (pressed) open(found);
    },
  });
  const walk = useWalk(tracks, (next) => {
    show(next);
    setSpoken(next ? plainText(wordsOf(plan, next), ', ') : '');
  });
  const zoom = (factor: number) =>
    onView(
      Object.assign(
        {},
        ...panes(plan).map((pane) =>
          about(pane, factor, pane.box.x + pane.box.width / 2, pane.box.y + pane.box.height / 2),
        ),
      ) as View,
    );
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (walk(event)) event.preventDefault();
    else if (event.key === 'Enter') open(point);
    else if (event.key === '+' || event.key === '=') zoom(0.7);
    else if (event.key === '-') zoom(1 / 0.7);
    else if (event.key === '0') onView(null);
    else if (event.key === 'Escape') show(null);
  };
  const canOpen = Boolean(point && onPlanet && planetOf(point));
  const shown = point ? alongside(plan, tracks, point) : [];
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- its role is an application
    <div
      ref={ref}
      // Arrow keys walk through the points: a role under which screen readers hand keys on.
      role="application"
      aria-roledescription="figure"
      aria-label={label}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it takes keys
      tabIndex={0}
      className="relative select-none"
      style={{
        height: plan.height,
        touchAction: tool === 'lasso' ? 'none' : 'pan-y',
        cursor: tool === 'pan' ? 'grab' : canOpen && tool !== 'lasso' ? 'pointer' : 'crosshair',
      }}
      onKeyDown={key}
      onPointerLeave={() => show(null)}
      onDoubleClick={() => onView(null)}
      {...handlers}
    >
      <ChromeLayer plan={plan} name={name} layer="under" />
      <Marks plan={plan} />
      <ChromeLayer plan={plan} name={name} layer="over" />
      <Overlay plan={plan} pointed={shown} chosen={ringed} brush={brush} loop={loop} />
      <Readout plan={plan} points={shown} />
      <span className="unseen" aria-live="polite">
        {spoken}
      </span>
    </div>
  );
}
