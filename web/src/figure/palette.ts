/** The page's colours, as canvas needs them. */
export interface Palette {
  ink: string;
  soft: string;
  line: string;
  grid: string;
  panel: string;
  font: string;
}

const kept = new Map<string, Palette>();

/** Read from the custom properties of the document, once for light and once for dark. */
export function readPalette(theme: string): Palette {
  const found = kept.get(theme) ?? read();
  kept.set(theme, found);
  return found;
}

function read(): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: of('--ink'),
    soft: of('--soft'),
    line: of('--line'),
    grid: of('--grid'),
    panel: of('--panel'),
    font: getComputedStyle(document.body).fontFamily,
  };
}
