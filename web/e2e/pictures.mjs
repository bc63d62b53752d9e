// Takes the pictures of the documentation from a running demo, so that they show what is there:
// `WATCHFIRE_URL=http://127.0.0.1:8440 npm run pictures`. Let the night run some minutes first.
import { launch, node_url, openPage } from './browser.mjs';

/** Where they go, and how each is taken. */
const PICTURES = [
  { file: '../docs/img/console.png', locale: 'en-US', width: 1600, height: 900 },
  { file: '../docs/img/console.zh-CN.png', locale: 'zh-CN', width: 1600, height: 900 },
];

const first = 'section.incidents ul:not(.strip ul) button';

if (!node_url) throw new Error('set WATCHFIRE_URL to a running demo');
const browser = await launch();
for (const { file, locale, width, height } of PICTURES) {
  const { page, close } = await openPage(browser, node_url, { locale, width, height });
  await page.locator('header .line.live').waitFor();
  await page.locator(first).first().click();
  await page.locator('section.incident h2, section.incident h3').first().waitFor();
  // The map has drawn all that it has.
  await page.waitForFunction(() => document.querySelector('.maplibregl-canvas') !== null);
  await page.waitForLoadState('networkidle').catch(() => undefined);
  await page.screenshot({ path: new URL(file, new URL('.', import.meta.url)).pathname.replace('/e2e/..', '') });
  await close();
}
await browser.close();
