/** The page's colours, as canvas needs them. */
export interface Palette {
  ink: string;
  soft: string;
  line: string;
  grid: string;
  panel: string;
  font: string;
}

/** Read from the custom properties of the document, light or dark. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    ink: of("--ink"),
    soft: of("--soft"),
    line: of("--line"),
    grid: of("--grid"),
    panel: of("--panel"),
    font: getComputedStyle(document.body).fontFamily,
  };
}
