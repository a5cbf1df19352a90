import { svelte } from "@sveltejs/vite-plugin-svelte";
import tailwindcss from "@tailwindcss/vite";
import { svelteTesting } from "@testing-library/svelte/vite";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds `web/client` to `web/static/dist`; `manifest.json` there tells Jinja what each entry loads. */
export default defineConfig({
  root: here("./web/client"),
  base: "/static/dist/",
  publicDir: false,
  plugins: [tailwindcss(), svelte(), svelteTesting()],
  build: {
    outDir: here("./web/static/dist"),
    emptyOutDir: true,
    manifest: "manifest.json",
    // A strict content security policy allows no data: scripts and the sprite must stay a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { main: here("./web/client/main.ts") } },
  },
  test: {
    root: here("."),
    environment: "happy-dom",
    include: ["web/client/**/*.test.ts"],
    setupFiles: [here("./web/client/testing/setup.ts")],
    restoreMocks: true,
  },
});
