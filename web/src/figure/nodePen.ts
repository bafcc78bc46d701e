import {
  dashes,
  firstBaseline,
  LINE_HEIGHT,
  type Box,
  type Pen,
  type Pixels,
  type Style,
  type TextStyle,
} from './pen';
import { lines } from './richText';

/** An SVG element: attributes as React spells them. */
export interface Node {
  tag: string;
  attributes: Record<string, string | number>;
  children: (Node | string)[];
}

const round = (value: number) => Math.round(value * 100) / 100;

/** Draws SVG elements. */
export class NodePen implements Pen {
  nodes: Node[] = [];
  private clips = 0;

  /** @param prefix of ids, alone in its document. @param link a data address of pixels. */
  constructor(
    private readonly prefix: string,
    private readonly link: (pixels: Pixels) => string = () => '',
  ) {}

  path(d: string, style: Style): void {
    const attributes: Node['attributes'] = { d, fill: style.fill ?? 'none' };
    if (style.stroke && style.width !== 0) {
      const dash = dashes(style.dash, style.width ?? 1);
      Object.assign(attributes, {
        stroke: style.stroke,
        strokeWidth: style.width ?? 1,
        strokeLinejoin: 'round',
      });
      if (dash.length) attributes.strokeDasharray = dash.map(round).join(' ');
    }
    if (style.opacity !== undefined && style.opacity < 1) attributes.opacity = style.opacity;
    this.nodes.push({ tag: 'path', attributes, children: [] });
  }

  text(x: number, y: number, text: string, style: TextStyle): void {
    const rows = lines(text);
    const first = firstBaseline(rows.length, style);
    const children = rows.map((runs, row) => ({
      tag: 'tspan',
      attributes: { x: 0, y: round(first + row * style.size * LINE_HEIGHT) },
      children: runs.map((run) =>
        run.bold ? { tag: 'tspan', attributes: { fontWeight: 600 }, children: [run.text] } : run.text,
      ),
    }));
    const turn = style.turn ? ` rotate(${style.turn})` : '';
    const attributes = {
      transform: `translate(${round(x)} ${round(y)})${turn}`,
      fontSize: style.size,
      fill: style.colour,
      textAnchor: style.anchor ?? 'start',
    };
    this.nodes.push({ tag: 'text', attributes, children });
  }

  image(box: Box, pixels: Pixels): void {
    const attributes = {
      ...box,
      href: this.link(pixels),
      preserveAspectRatio: 'none',
      style: 'image-rendering:pixelated',
    };
    this.nodes.push({ tag: 'image', attributes, children: [] });
  }

  clipped(box: Box, draw: () => void): void {
    const id = `${this.prefix}-clip${this.clips++}`;
    const outer = this.nodes;
    this.nodes = [];
    draw();
    const inner = this.nodes;
    this.nodes = outer;
    const rect = { tag: 'rect', attributes: { ...box }, children: [] };
    this.nodes.push(
      { tag: 'clipPath', attributes: { id }, children: [rect] },
      { tag: 'g', attributes: { clipPath: `url(#${id})` }, children: inner },
    );
  }
}

const CAMEL_IN_SVG = new Set(['clipPath', 'preserveAspectRatio', 'viewBox']);

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** Elements as the text of a file. */
export function serialised(node: Node | string): string {
  if (typeof node === 'string') return escaped(node);
  const attributes = Object.entries(node.attributes)
    .map(([name, value]) => {
      const kept = CAMEL_IN_SVG.has(name) && name !== 'clipPath';
      const spelt = kept ? name : name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      return ` ${spelt}="${escaped(String(value))}"`;
    })
    .join('');
  return `<${node.tag}${attributes}>${node.children.map(serialised).join('')}</${node.tag}>`;
}
