import { useEffect, useState } from 'react';

export type Theme = 'light' | 'dark';
export type Choice = Theme | 'system';
const KEY = 'mission-theme';
const SYSTEM = '(prefers-color-scheme: dark)';

/** What was chosen last, in this browser. */
export function chosen(): Choice {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system'; // storage may be forbidden; the switch then works until the page is left
  }
}

function resolve(choice: Choice): Theme {
  if (choice !== 'system') return choice;
  return matchMedia(SYSTEM).matches ? 'dark' : 'light';
}

/** Colours the page; called before React starts, so that it never shows the wrong ones. */
export function paint(choice: Choice = chosen()): void {
  document.documentElement.dataset.theme = resolve(choice);
}

/** The choice and its setter; follows the system while that is the choice. */
export function useTheme(): [Choice, (next: Choice) => void] {
  const [choice, setChoice] = useState(chosen);
  useEffect(() => {
    paint(choice);
    const media = matchMedia(SYSTEM);
    const follow = () => paint(choice);
    media.addEventListener('change', follow);
    return () => media.removeEventListener('change', follow);
  }, [choice]);
  const choose = (next: Choice) => {
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // as in chosen()
    }
    setChoice(next);
  };
  return [choice, choose];
}

/** The painted theme: what draws on a canvas reads its colours anew when it changes. */
export function usePainted(): Theme {
  const read = (): Theme => (document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light');
  const [theme, setTheme] = useState(read);
  useEffect(() => {
    const watch = new MutationObserver(() => setTheme(read()));
    watch.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => watch.disconnect();
  }, []);
  return theme;
}

/** A colour token's value now, e.g. ``token('--model')``. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
