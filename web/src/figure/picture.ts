import { asCanvas, CanvasPen } from './canvasPen';
import { drawOver, drawUnder } from './chrome';
import { drawColourBars } from './colourBar';
import { drawSwatch, legendRows, SWATCH, type Entry } from './legend';
import { drawMarks } from './marks/draw';
import { drawTexts } from './marks/texts';
import { NodePen, serialised } from './nodePen';
import type { Plan } from './plan';
import type { Pen, Pixels } from './pen';

/** A figure as a file has it: title and legend above, all in one drawing. */
export interface Picture {
  plan: Plan;
  title: string;
  /** Entries that are shown. */
  legend: Entry[];
}

const PAD = 12;
const TITLE = 24;

function legendOf({ plan, legend }: Picture) {
  return legendRows(legend, plan.width - 2 * PAD);
}

export function pictureHeight(picture: Picture): number {
  return picture.plan.height + TITLE + PAD + legendOf(picture).height;
}

/** Everything below the figure's own origin. */
export function drawFigure(pen: Pen, plan: Plan): void {
  drawUnder(pen, plan);
  drawMarks(pen, plan);
  drawTexts(pen, plan);
  drawOver(pen, plan);
  drawColourBars(pen, plan);
}

/** Background, title and legend; the figure itself starts below ``offset``. */
function drawHead(pen: Pen, picture: Picture): number {
  const { plan, title } = picture;
  const { palette } = plan;
  pen.path(`M0,0H${plan.width}V${pictureHeight(picture)}H0Z`, { fill: palette.panel });
  pen.text(PAD, PAD, title, { size: 15, colour: palette.ink, base: 'top' });
  const rows = legendOf(picture);
  for (const { entry, x, y } of rows.placed) {
    drawSwatch(pen, entry.sample, PAD + x, PAD + TITLE + y, palette);
    pen.text(PAD + x + SWATCH.width, PAD + TITLE + y, entry.name, { size: 12, colour: palette.ink });
  }
  return PAD + TITLE + rows.height;
}

function dataAddress(pixels: Pixels): string {
  return asCanvas(pixels).toDataURL('image/png');
}

/** The text of an SVG file, every mark a path; heat maps of many cells are embedded pictures. */
export function svgFile(picture: Picture, link: (pixels: Pixels) => string = dataAddress): string {
  const { plan } = picture;
  const pen = new NodePen('f', link);
  const offset = drawHead(pen, picture);
  const inner = new NodePen('g', link);
  drawFigure(inner, plan);
  const height = pictureHeight(picture);
  const root = {
    tag: 'svg',
    attributes: {
      xmlns: 'http://www.w3.org/2000/svg',
      width: plan.width,
      height,
      viewBox: `0 0 ${plan.width} ${height}`,
      fontFamily: plan.palette.font,
    },
    children: [
      { tag: 'title', attributes: {}, children: [picture.title] },
      ...pen.nodes,
      { tag: 'g', attributes: { transform: `translate(0 ${offset})` }, children: inner.nodes },
    ],
  };
  return serialised(root);
}

/** A PNG file, two pixels a CSS pixel. */
export function pngFile(picture: Picture, density = 2): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = picture.plan.width * density;
  canvas.height = pictureHeight(picture) * density;
  const context = canvas.getContext('2d');
  if (!context) return Promise.reject(new Error('this browser gives no canvas'));
  context.scale(density, density);
  const pen = new CanvasPen(context, picture.plan.palette.font);
  context.translate(0, drawHead(pen, picture));
  drawFigure(pen, picture.plan);
  return new Promise((done, failed) =>
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error('the browser made no PNG'))), 'image/png'),
  );
}
