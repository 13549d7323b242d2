import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

// Addresses in the output are relative, so that STATIC_URL may point anywhere (a CDN too).
// The browsers named are the first that know light-dark(), on which the tokens stand.
export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [tailwindcss()],
  build: {
    outDir: "static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    sourcemap: true,
    target: ["chrome123", "firefox120", "safari17.5"],
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rollupOptions: { input: ["frontend/src/main.ts", "frontend/src/console.ts"] },
  },
});
