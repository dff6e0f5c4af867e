import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  // Relative, so that the built page works under tauri:// and from any folder.
  base: './',
  build: {
    // Debian 12's WebKitGTK is newer than this Safari.
    target: 'safari17',
    // Everything is a file of its own, so that a policy without data: URLs holds.
    assetsInlineLimit: 0,
  },
  // Tauri's devUrl names this port; another one would show an empty window.
  server: {
    port: 5173,
    strictPort: true,
    host: '127.0.0.1',
    // Tests compare words of the window with the engine's.
    fs: {
      allow: [
        '.',
        '../src-tauri/crates/engine/src/cloudflare',
        '../src-tauri/crates/engine/src/logs',
        '../src-tauri/crates/engine/src/resource_manager/adapters/cloud',
        '../src-tauri/crates/tray/src',
      ],
    },
  },
  test: {
    environment: 'jsdom',
    // Hundreds of lines in jsdom take seconds on a machine that is busy with other things.
    testTimeout: 30_000,
    // Nothing else runs beside the tests; by itself Vitest would leave one processor of two idle.
    maxWorkers: '100%',
    // tokens.test.ts reads the stylesheet.
    css: true,
    setupFiles: ['./src/test-setup.ts'],
  },
});
