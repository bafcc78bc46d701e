import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `spectramind serve --port 8765` answers /api while one works on the front end.
const SERVER = 'http://127.0.0.1:8765';

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../src/spectramind/server/static',
    emptyOutDir: true,
    // The server's policy allows no inline script, style or data address for code.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy: { '/api': SERVER } },
  test: {
    environment: 'jsdom',
    globals: true,
    setupFiles: ['src/test-setup.ts'],
    css: false,
  },
});
