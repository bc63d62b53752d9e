// Takes the pictures of the documentation from a running demo, so that they show what is there:
// `WATCHFIRE_URL=http://127.0.0.1:8440 npm run pictures`. Let the night run a minute or two first.
import { fileURLToPath } from 'node:url';
import { launch, node_url, openPage } from './browser.mjs';

/** Where they go, and how each is taken. */
const PICTURES = [
  { file: 'console.png', locale: 'en-US', width: 1440, height: 900 },
  { file: 'console.zh-CN.png', locale: 'zh-CN', width: 1440, height: 900 },
];

/** How often it looks for an incident worth showing: units under way, and a recommendation. */
const LOOKS_MAX = 60;

if (!node_url) throw new Error('set WATCHFIRE_URL to a running demo');
const browser = await launch();
for (const { file, locale, width, height } of PICTURES) {
  const { page, close } = await openPage(browser, node_url, { locale, width, height });
  await page.locator('header .line.live').waitFor();
  await pick(page);
  await page.waitForFunction(() => document.querySelector('.maplibregl-canvas') !== null);
  // The streets come from the node once; after that only the stream stays open.
  await page.waitForTimeout(5_000);
  await page.screenshot({ path: fileURLToPath(new URL(`../../docs/img/${file}`, import.meta.url)) });
  await close();
}
await browser.close();

/** Opens the first incident to which units are driving. */
async function pick(page) {
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const driving = await page.evaluate(async () => {
      const board = await (await fetch('/api/v1/board')).json();
      const open = board.incidents.filter((incident) => incident.status === 'en_route' && incident.priority === 1);
      return open.at(-1)?.number ?? null;
    });
    if (driving !== null) {
      const row = page.locator('section.incidents button', { hasText: `#${driving}` }).first();
      if (await row.isVisible()) return row.click();
    }
    await page.waitForTimeout(1_000);
  }
  throw new Error('no incident worth showing came up; let the demo run on and try again');
}
