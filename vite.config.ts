import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defineConfig } from 'vitest/config';

/** Builds `web/client` to `web/static/dist`; `manifest.json` there tells Jinja what each entry loads. */
export default defineConfig({
  base: '/static/dist/',
  publicDir: false,
  plugins: [tailwindcss(), svelte(), svelteTesting()],
  build: {
    outDir: 'web/static/dist',
    emptyOutDir: true,
    manifest: 'manifest.json',
    // The content security policy allows no data: scripts, and the sprite must stay a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ['web/client/main.ts', 'web/client/list/look.ts'] },
  },
  test: {
    environment: 'happy-dom',
    include: ['web/client/**/*.test.ts'],
    setupFiles: ['web/client/testing/setup.ts'],
    restoreMocks: true,
  },
});
