import type { Config } from 'tailwindcss';

// Tailwind fills in the opacity that a class asks for (bg-line/50); a bare var() would lose the class.
const token = (name: string) =>
  `color-mix(in srgb, var(--${name}) calc(<alpha-value> * 100%), transparent)`;

// Every colour is a token of src/app/tokens.css; Tremor's names point at the same ones, and its dark
// names too, because the tokens change by themselves.
const tremor = {
  brand: {
    faint: token('grid'),
    muted: token('line'),
    subtle: token('model'),
    DEFAULT: token('model'),
    emphasis: token('link'),
    inverted: token('panel'),
  },
  background: {
    muted: token('page'),
    subtle: token('grid'),
    DEFAULT: token('panel'),
    emphasis: token('soft'),
  },
  border: { DEFAULT: token('line') },
  ring: { DEFAULT: token('line') },
  content: {
    subtle: token('reference'),
    DEFAULT: token('soft'),
    emphasis: token('ink'),
    strong: token('ink'),
    inverted: token('panel'),
  },
};

export default {
  // Named, so that the built files beside the server are never scanned.
  content: [
    './index.html',
    './src/**/*.{ts,tsx}',
    './node_modules/@tremor/react/dist/components/{layout-elements,icon-elements,vis-elements}/**/*.js',
  ],
  darkMode: ['selector', '[data-theme="dark"]'],
  theme: {
    extend: {
      colors: {
        page: token('page'),
        panel: token('panel'),
        ink: token('ink'),
        soft: token('soft'),
        line: token('line'),
        grid: token('grid'),
        model: token('model'),
        link: token('link'),
        reference: token('reference'),
        good: token('good'),
        warn: token('warn'),
        bad: token('bad'),
        tremor,
        'dark-tremor': tremor,
      },
      borderRadius: { 'tremor-small': '6px', 'tremor-default': '10px', 'tremor-full': '9999px' },
      fontSize: {
        'tremor-label': ['0.75rem', { lineHeight: '1rem' }],
        'tremor-default': ['0.875rem', { lineHeight: '1.25rem' }],
        'tremor-title': ['1.125rem', { lineHeight: '1.75rem' }],
        'tremor-metric': ['1.85rem', { lineHeight: '2.25rem' }],
      },
      boxShadow: { 'tremor-card': 'none', 'dark-tremor-card': 'none', 'tremor-input': 'none' },
    },
  },
  // Tremor builds these names at run time; without them its badges and bars have no colour.
  safelist: [
    {
      pattern: /^(bg|text|ring|border|fill|stroke)-(good|warn|bad|model|reference|soft)$/,
    },
  ],
} satisfies Config;
