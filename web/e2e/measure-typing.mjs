// Measures how long a key takes from the finger to the screen in call taking, while the records of a running
// demo arrive: `WATCHFIRE_URL=http://127.0.0.1:8440 node e2e/measure-typing.mjs [keys]`. It prints p50, p99
// and the longest time from the key to the next paint. The browser rounds these to 8 ms.
import { launch, node_url, openPage } from './browser.mjs';

/** How many keys are typed, and the pause between them in ms: a fast typist. */
const KEYS = Number(process.argv[2] ?? 400);
const PAUSE_MS = 70;
/** The longest echo that does not disturb typing, in ms. */
const ECHO_MS_MAX = 50;

const keyOf = (sign) => (sign === ' ' ? 'Space' : sign);
const TEXT = 'heavy smoke from a second floor window, two people at the window, ';

if (!node_url) throw new Error('set WATCHFIRE_URL to a running demo');
const browser = await launch();
const without_map = process.argv.includes('--without-map');
const { page, close } = await openPage(browser, new URL('/take', node_url).href, { before: observe });
if (without_map) await page.route('**/*MapView*', (route) => route.abort()), await page.reload();
await page.locator('header .line.live').waitFor();
// The map is drawn without a graphics card here; it has its first picture before the typing begins.
await page.waitForTimeout(5_000);
await page.keyboard.press('F2');
await page.evaluate(() => {
  window.echoes = [];
  window.arrived = 0;
});
for (let key = 0; key < KEYS; key += 1) {
  await page.keyboard.press(keyOf(TEXT[key % TEXT.length]));
  await page.waitForTimeout(PAUSE_MS);
}
await page.waitForTimeout(500);
const { echoes, arrived, typed } = await page.evaluate(() => ({
  echoes: window.echoes,
  arrived: window.arrived,
  typed: document.querySelector('textarea').value.length,
}));
// What was typed is nobody's call.
for (const label of [/Discard|丢弃/, /Really|确定/]) await page.getByRole('button', { name: label }).first().click();
await close();
await browser.close();

// Keys that were painted within one frame are not reported by the browser and count as that.
const FRAME_MS = 16;
const worked = echoes.map(([, , ms]) => ms).sort((a, b) => a - b);
const waited = echoes.map(([, ms]) => ms).sort((a, b) => a - b);
const all = [...echoes.map(([ms]) => ms), ...Array(Math.max(0, KEYS - echoes.length)).fill(FRAME_MS)].sort((a, b) => a - b);
const at = (share) => all[Math.min(all.length - 1, Math.floor(all.length * share))];
console.log(`keys ${KEYS}, in the field ${typed}, messages meanwhile ${arrived}`);
console.log(`key to paint: p50 <= ${at(0.5)} ms, p99 <= ${at(0.99)} ms, longest ${all.at(-1)} ms, over ${ECHO_MS_MAX} ms: ${all.filter((ms) => ms > ECHO_MS_MAX).length}`);



/** Notes every key event that took longer than a frame, and counts what the stream brings. */
async function observe(page) {
  await page.addInitScript(() => {
    window.echoes = [];
    window.arrived = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.name === 'keydown') window.echoes.push([entry.duration, entry.processingStart - entry.startTime, entry.processingEnd - entry.processingStart]);
    }).observe({ type: 'event', durationThreshold: 16 });
    const Source = window.EventSource;
    window.EventSource = class extends Source {
      constructor(...given) {
        super(...given);
        for (const name of ['record', 'positions']) this.addEventListener(name, () => (window.arrived += 1));
      }
    };
  });
}
const most = (list) => (list.at(-1) ?? 0).toFixed(1);
console.log(`of it: before the page heard of the key at most ${most(waited)} ms, in the page's own hands at most ${most(worked)} ms`);
