import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { tokensCss } from "./src/theme/tokens-css.ts";

const TOKENS = "virtual:tokens.css";

/** Serves the colour tokens as a style sheet, so that tokens.ts stays their only home. */
function tokens(): Plugin {
  return {
    name: "runicorn-tokens",
    resolveId: (id) => (id === TOKENS ? `\0${TOKENS}` : undefined),
    load: (id) => (id === `\0${TOKENS}` ? tokensCss() : undefined),
  };
}

/** The server fills the base address; the development server has to do the same. */
function devBase(): Plugin {
  return {
    name: "runicorn-dev-base",
    apply: "serve",
    transformIndexHtml: (html) => html.replace('<base href="./">', '<base href="/">'),
  };
}

export default defineConfig({
  base: "./",
  plugins: [react(), tokens(), devBase()],
  build: {
    outDir: "../runicorn_server/static",
    emptyOutDir: true,
    manifest: true,
    sourcemap: false,
    target: "es2022",
    // The page is served from the user's own machine: inlined files would only defeat its cache.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/api": { target: "http://127.0.0.1:23300", ws: true },
    },
  },
});
