// Builds the console into dist/, from where the node embeds it. Everything the page needs comes
// out of this build: the node serves it under a content policy that allows no other origin, no
// inline script and no inline style, so nothing here may emit any.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** Where `npm run dev` finds a running node. */
const node = process.env.WATCHFIRE_URL ?? 'http://127.0.0.1:8440';

export default defineConfig({
  plugins: [svelte(), keepPlaceholder(), crewWorker()],
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

/** Returns a plugin that writes sw.js, the worker that keeps the crew's page on a phone, with the names of all
    files without which that page does not run. */
function crewWorker(): Plugin {
  const SEAT = '/src/lib/seats/Crew.svelte';
  const PUBLIC = ['/favicon.svg', '/crew.webmanifest', '/icon-192.png', '/icon-512.png', '/icon-maskable-512.png'];
  return {
    name: 'crew-worker',
    apply: 'build',
    generateBundle(_, bundle) {
      const files = new Set<string>();
      const visit = (name: string) => {
        const chunk = bundle[name];
        if (chunk?.type !== 'chunk' || files.has(name)) return;
        files.add(name);
        for (const sheet of chunk.viteMetadata?.importedCss ?? []) files.add(sheet);
        chunk.imports.forEach(visit);
      };
      for (const [name, chunk] of Object.entries(bundle)) {
        if (chunk.type === 'chunk' && (chunk.isEntry || chunk.facadeModuleId?.endsWith(SEAT))) visit(name);
      }
      const listed = JSON.stringify([...PUBLIC, ...[...files].map((name) => `/${name}`).sort()]);
      const source = readFileSync(new URL('src/worker/sw.js', import.meta.url), 'utf8');
      // The page and what lies in public/ have no hash in their names, so their content counts too.
      const hash = createHash('sha256').update(listed).update(source);
      for (const path of PUBLIC) hash.update(readFileSync(new URL(`public${path}`, import.meta.url)));
      hash.update(readFileSync(new URL('index.html', import.meta.url)));
      const made = source.replace('__FILES__', () => listed).replace('__VERSION__', hash.digest('hex').slice(0, 16));
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: made });
    },
  };
}
