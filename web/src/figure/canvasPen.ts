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

/** Draws on a canvas whose units are CSS pixels. */
export class CanvasPen implements Pen {
  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly font: string,
  ) {}

  path(d: string, style: Style): void {
    const { context } = this;
    const shape = new Path2D(d);
    context.globalAlpha = style.opacity ?? 1;
    if (style.fill) {
      context.fillStyle = style.fill;
      context.fill(shape);
    }
    if (style.stroke && style.width !== 0) {
      context.strokeStyle = style.stroke;
      context.lineWidth = style.width ?? 1;
      context.lineJoin = 'round';
      context.setLineDash(dashes(style.dash, style.width ?? 1));
      context.stroke(shape);
    }
    context.globalAlpha = 1;
  }

  text(x: number, y: number, text: string, style: TextStyle): void {
    const { context } = this;
    const rows = lines(text);
    context.save();
    context.translate(x, y);
    context.rotate(((style.turn ?? 0) * Math.PI) / 180);
    context.fillStyle = style.colour;
    context.textBaseline = 'alphabetic';
    rows.forEach((runs, row) => {
      const fonts = runs.map((run) => `${run.bold ? '600 ' : ''}${style.size}px ${this.font}`);
      const widths = runs.map((run, i) => {
        context.font = fonts[i]!;
        return context.measureText(run.text).width;
      });
      const total = widths.reduce((sum, width) => sum + width, 0);
      let at = { start: 0, middle: -total / 2, end: -total }[style.anchor ?? 'start'];
      runs.forEach((run, i) => {
        context.font = fonts[i]!;
        context.fillText(run.text, at, firstBaseline(rows.length, style) + row * style.size * LINE_HEIGHT);
        at += widths[i]!;
      });
    });
    context.restore();
  }

  image(box: Box, pixels: Pixels): void {
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(asCanvas(pixels), box.x, box.y, box.width, box.height);
  }

  clipped(box: Box, draw: () => void): void {
    this.context.save();
    this.context.beginPath();
    this.context.rect(box.x, box.y, box.width, box.height);
    this.context.clip();
    draw();
    this.context.restore();
  }
}

/** Pixels as a canvas of their size. */
export function asCanvas(pixels: Pixels): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  canvas.getContext('2d')?.putImageData(new ImageData(pixels.rgba, pixels.width, pixels.height), 0, 0);
  return canvas;
}
