// Builds the console into dist/, from where the node embeds it. Everything the page needs comes
// out of this build: the node serves it under a content policy that allows no other origin, no
// inline script and no inline style, so nothing here may emit any.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds a running node. */
const node = process.env.WATCHFIRE_URL ?? 'http://127.0.0.1:8440';

export default defineConfig({
  plugins: [svelte(), keepPlaceholder()],
  base: '/',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // A data: font or image would need a wider content policy than the node sends.
    assetsInlineLimit: 0,
    // The map library is one chunk of about 1 MB by itself, fetched after the lists are up.
    chunkSizeWarningLimit: 1300,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: 'maplibre', test: /node_modules[\\/]maplibre-gl/ }],
        },
      },
    },
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': { target: node, changeOrigin: false } } },
});

/** Returns a plugin that leaves dist/.gitkeep in place, so that the Rust build always has the folder. */
function keepPlaceholder() {
  return {
    name: 'keep-placeholder',
    generateBundle(this: { emitFile(file: { type: 'asset'; fileName: string; source: string }): string }) {
      this.emitFile({ type: 'asset', fileName: '.gitkeep', source: '' });
    },
  };
}
