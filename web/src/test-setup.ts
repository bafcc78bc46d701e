import '@testing-library/jest-dom/vitest';
import { cleanup } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

// What jsdom lacks.
class Silent {
  onmessage = null;
  onerror = null;
  close() {
    /* nothing was opened */
  }
}
vi.stubGlobal('EventSource', Silent);
vi.stubGlobal('matchMedia', () => ({
  matches: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
}));

afterEach(() => {
  cleanup();
  history.replaceState(null, '', '/');
  localStorage.clear();
});
