import { plainText } from './richText';

let context: CanvasRenderingContext2D | null | undefined;

/** Width of the widest line of a label [px]; estimated where there is no canvas. */
export function textWidth(text: string, size: number): number {
  if (context === undefined)
    context =
      typeof CanvasRenderingContext2D === 'undefined'
        ? null
        : document.createElement('canvas').getContext('2d');
  const rows = plainText(text, '\n').split('\n');
  if (!context) return Math.max(...rows.map((row) => row.length)) * size * 0.56;
  context.font = `${size}px system-ui, sans-serif`;
  return Math.max(...rows.map((row) => context!.measureText(row).width));
}
