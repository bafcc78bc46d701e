import { createElement, type ReactNode } from 'react';
import { Link } from 'wouter';

import { Figure } from '../figure/Figure';
import type { FigureDict } from '../figure/plotly';
import { styleOf } from './panelStyle';
import { PanelTable } from './PanelTable';
import { Scrolled } from './Scrolled';

/** What a panel's HTML is rebuilt in: its figures, and where links lead. */
export interface PanelPlace {
  title: string;
  figures: Readonly<Record<string, unknown>>;
  planetAddress: (id: string) => string;
  onPlanet: (id: string) => void;
  onChosen?: (planets: string[]) => void;
}

/** Elements that may stay, and the attributes that they may keep; of all others their text stays. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  p: [],
  div: [],
  span: ['aria-hidden'],
  b: [],
  i: ['aria-hidden'],
  em: [],
  strong: [],
  u: [],
  code: [],
  br: [],
  sub: [],
  sup: [],
  h3: [],
  h4: [],
  h5: [],
  ul: [],
  ol: [],
  li: [],
  dl: [],
  dt: [],
  dd: [],
  table: [],
  caption: [],
  thead: [],
  tbody: [],
  tr: [],
  th: ['scope', 'colspan', 'rowspan'],
  td: ['colspan', 'rowspan'],
  details: ['open'],
  summary: [],
  a: ['href'],
  button: ['data-planet'],
  figure: ['id'],
};
const RENAMED: Readonly<Record<string, string>> = { colspan: 'colSpan', rowspan: 'rowSpan' };

/** Classes of the report page that have a look here (panel.css). */
const CLASSES = new Set([
  ...[
    'lead',
    'scroll',
    'n',
    'model',
    'status',
    'ok',
    'warn',
    'fail',
    'pair',
    'trio',
    'cards',
    'card',
    'label',
  ],
  ...[
    'value',
    'note',
    'whiskers',
    'whisker',
    'track',
    'ci',
    'dot',
    'scale',
    'reference',
    'slot',
    'plot',
    'half',
  ],
]);

/** Elements whose very text is no text of the page. */
const SILENT = new Set([
  'script',
  'style',
  'template',
  'noscript',
  'iframe',
  'object',
  'svg',
  'math',
  'select',
  'textarea',
  'title',
]);

const PLANET = /^#planet=(.+)$/;

/** A panel's HTML as React elements: read by a parser that runs nothing, rebuilt from the lists above.
 * No text of it ever becomes markup, no attribute passes that is not named here. */
export function panelElements(html: string, place: PanelPlace): ReactNode {
  // Under the server's policy a parser complains of every style attribute: they go by another name.
  const inert = html.replace(/(<[a-z][^<>]*?\s)style=/gi, '$1data-style=');
  const parsed = new DOMParser().parseFromString(inert, 'text/html');
  return children(parsed.body, place);
}

function children(element: Element, place: PanelPlace): ReactNode[] {
  return Array.from(element.childNodes).map((node, i) => rebuilt(node, place, i));
}

function rebuilt(node: ChildNode, place: PanelPlace, key: number): ReactNode {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (!(node instanceof Element)) return null;
  const tag = node.tagName.toLowerCase();
  if (SILENT.has(tag) || node.classList.contains('chooser')) return null; // a figure has its own chooser
  const attributes = ALLOWED[tag];
  if (!attributes) return node.textContent;
  if (tag === 'figure') return figure(node.id, place, key);
  if (tag === 'a') return link(node, place, key);
  if (tag === 'button') return planetLink(node.getAttribute('data-planet') ?? '', node, place, key);
  if (node instanceof HTMLTableElement && node.tHead && node.tBodies[0]) return table(node, place, key);
  if (node.classList.contains('scroll')) return <Scrolled key={key}>{children(node, place)}</Scrolled>;
  const props = {
    key,
    className: classes(node),
    style: styleOf(node.getAttribute('data-style') ?? ''),
    ...kept(node, attributes),
  };
  return tag === 'br' ? <br key={key} /> : createElement(tag, props, ...children(node, place));
}

function table(node: HTMLTableElement, place: PanelPlace, key: number): ReactNode {
  const cell = (one: HTMLTableCellElement) => ({
    text: one.textContent.trim(),
    shown: children(one, place),
    className: classes(one),
  });
  const heads = Array.from(node.tHead?.rows[0]?.cells ?? [], cell);
  const rows = Array.from(node.tBodies[0]?.rows ?? [], (row) => ({
    className: classes(row),
    cells: Array.from(row.cells, cell),
  }));
  return <PanelTable key={key} heads={heads} rows={rows} />;
}

function classes(node: Element): string | undefined {
  const known = Array.from(node.classList).filter((name) => CLASSES.has(name));
  return known.length ? known.map((name) => `report-${name}`).join(' ') : undefined;
}

function kept(node: Element, attributes: readonly string[]): Record<string, string | boolean> {
  const found: Record<string, string | boolean> = {};
  for (const name of attributes) {
    const value = node.getAttribute(name);
    if (value === null) continue;
    found[RENAMED[name] ?? name] = name === 'open' ? true : name === 'aria-hidden' ? 'true' : value;
  }
  return found;
}

function figure(id: string, place: PanelPlace, key: number): ReactNode {
  const found = place.figures[id];
  if (!isFigure(found)) return null;
  const { title, onPlanet, onChosen } = place;
  return (
    <Figure
      key={key}
      name={id}
      title={title}
      figure={found}
      onPlanet={onPlanet}
      {...(onChosen && { onChosen })}
    />
  );
}

export function isFigure(value: unknown): value is FigureDict {
  if (typeof value !== 'object' || value === null) return false;
  const { data, layout } = value as Record<string, unknown>;
  return Array.isArray(data) && typeof layout === 'object' && layout !== null;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Links within the page only: to a planet's view, or to an anchor. */
function link(node: Element, place: PanelPlace, key: number): ReactNode {
  const href = node.getAttribute('href') ?? '';
  const id = decoded(PLANET.exec(href)?.[1] ?? '');
  if (id) return planetLink(id, node, place, key);
  if (/^#[\w-]+$/.test(href))
    return (
      <a key={key} href={href}>
        {children(node, place)}
      </a>
    );
  return <span key={key}>{children(node, place)}</span>;
}

function planetLink(id: string, node: Element, place: PanelPlace, key: number): ReactNode {
  if (!id) return <span key={key}>{children(node, place)}</span>;
  return (
    <Link key={key} href={place.planetAddress(id)}>
      {children(node, place)}
    </Link>
  );
}
