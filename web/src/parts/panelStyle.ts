const LENGTH = /^\d{1,4}(\.\d+)?(%|px)$/;
const COLOUR = /^#[\da-f]{3,8}$/i;

/** What a panel may say by style: places on a whisker's line, the colour and size of a legend's chip. */
const DECLARATIONS: Readonly<Record<string, [name: string, value: RegExp]>> = {
  left: ['left', LENGTH],
  width: ['width', LENGTH],
  height: ['height', LENGTH],
  'margin-right': ['marginRight', LENGTH],
  'border-radius': ['borderRadius', LENGTH],
  border: ['border', /^1px solid #[\da-f]{3,8}$/i],
  color: ['color', COLOUR],
  background: ['background', COLOUR],
  display: ['display', /^inline-block$/],
  'white-space': ['whiteSpace', /^nowrap$/],
  'vertical-align': ['verticalAlign', /^-?\d{1,2}px$/],
};

/** A style attribute as React takes it, of the declarations above; undefined where none is left. */
export function styleOf(text: string): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const part of text.split(';')) {
    const [property = '', value = ''] = part.split(':').map((one) => one.trim());
    const known = Object.hasOwn(DECLARATIONS, property) ? DECLARATIONS[property] : undefined;
    if (known?.[1].test(value)) found[known[0]] = value;
  }
  return Object.keys(found).length ? found : undefined;
}
