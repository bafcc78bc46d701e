import type { Config } from 'tailwindcss';

// Every colour is a token of src/app/tokens.css; Tremor's names point at the same ones, and its dark
// names too, because the tokens change by themselves.
const tremor = {
  brand: {
    faint: 'var(--grid)',
    muted: 'var(--line)',
    subtle: 'var(--model)',
    DEFAULT: 'var(--model)',
    emphasis: 'var(--link)',
    inverted: 'var(--panel)',
  },
  background: {
    muted: 'var(--page)',
    subtle: 'var(--grid)',
    DEFAULT: 'var(--panel)',
    emphasis: 'var(--soft)',
  },
  border: { DEFAULT: 'var(--line)' },
  ring: { DEFAULT: 'var(--line)' },
  content: {
    subtle: 'var(--reference)',
    DEFAULT: 'var(--soft)',
    emphasis: 'var(--ink)',
    strong: 'var(--ink)',
    inverted: 'var(--panel)',
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
        page: 'var(--page)',
        panel: 'var(--panel)',
        ink: 'var(--ink)',
        soft: 'var(--soft)',
        line: 'var(--line)',
        grid: 'var(--grid)',
        model: 'var(--model)',
        link: 'var(--link)',
        reference: 'var(--reference)',
        good: 'var(--good)',
        warn: 'var(--warn)',
        bad: 'var(--bad)',
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
