// Takes the pictures of the documentation from a running demo, so that they show what is there:
// `WATCHFIRE_URL=http://127.0.0.1:8440 npm run pictures`. Let the night run a minute or two first. Names of files as
// arguments take only those.
import { fileURLToPath } from 'node:url';
import { launch, node_url, openPage } from './browser.mjs';

/** The seats that are shown: each in both languages, at the size at which it is used. */
const SEATS = [
  { name: 'console', path: '/dispatch', width: 1440, height: 900, before: pick },
  { name: 'calls', path: '/take?new=1', width: 1440, height: 900, before: takeCall },
  { name: 'duty', path: '/duty', width: 1440, height: 900, theme: 'light' },
  { name: 'wall', path: '/wall', width: 1920, height: 1080 },
  { name: 'figures', path: '/figures', width: 1440, height: 900 },
  { name: 'review', path: '/review', width: 1440, height: 900, before: lookBack },
];
const LANGUAGES = [['en-US', ''], ['zh-CN', '.zh-CN']];

/** How often it looks for an incident worth showing: units under way, and a recommendation. */
const LOOKS_MAX = 60;
/** How long the map may take to be drawn after everything else is there, in ms. */
const DRAWN_MS = 5_000;

if (!node_url) throw new Error('set WATCHFIRE_URL to a running demo');
const wanted = process.argv.slice(2);
const browser = await launch();
for (const { name, path, width, height, theme = 'dark', before } of SEATS) {
  for (const [locale, ending] of LANGUAGES) {
    const file = `${name}${ending}.png`;
    if (wanted.length > 0 && !wanted.includes(file)) continue;
    const choose = (page) => page.addInitScript((colours) => localStorage.setItem('watchfire.theme', colours), theme);
    const { page, close } = await openPage(browser, new URL(path, node_url).href, { locale, width, height, before: choose });
    await page.locator('.line.live').first().waitFor();
    await before?.(page, locale);
    // The streets come from the node once; after that only the stream stays open.
    await page.waitForTimeout(DRAWN_MS);
    await page.screenshot({ path: fileURLToPath(new URL(`../../docs/img/${file}`, import.meta.url)) });
    await close();
  }
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

/** Types a call as a call taker would, as far as the place. It is never accepted. */
async function takeCall(page, locale) {
  const said = locale === 'zh-CN' ? '二楼冒烟，有人被困，闻到塑料烧焦味' : 'smoke from a second floor window, somebody is inside';
  await page.keyboard.type(said);
  await page.getByRole('combobox', { name: locale === 'zh-CN' ? '在哪里？' : 'Where?' }).fill('mission & 5th');
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
}

/** Looks at an incident as it stood some minutes ago. */
async function lookBack(page) {
  await page.locator('input[type=range]').waitFor();
  await page.locator('input[type=range]').focus();
  for (let step = 0; step < 4; step += 1) await page.keyboard.press('ArrowLeft');
  await page.locator('section.incidents ul button').first().click();
}
