// What stories of the seats have in common: a person's window on the node, in a language and in colours; waiting with a
// bound; and the rules of access. It knows nothing of any one seat. Start at `openSeat`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The longest the page may take for anything, in ms. */
export const BOUND_MS = 30_000;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Opens a seat for somebody and waits until its line is live. `before` may prepare the page; `url` leads by another way
    than the house's own; `context` is one that is open already, for a second window of the same browser. */
export async function openSeat(browser, house, person, path, {
  locale = 'en-US', theme = null, width = 1440, height = 900, scale = 1, before, url = house.url, context = null, live = true,
} = {}) {
  const own = context ?? (await browser.newContext({ locale, viewport: { width, height }, deviceScaleFactor: scale, timezoneId: 'Asia/Shanghai' }));
  if (!context && person) await house.signIn(own, person);
  const page = await own.newPage();
  page.setDefaultTimeout(BOUND_MS);
  const [errors, asked] = [[], []];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    // A refused or broken request is what some stories are about; the page has to say so itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) errors.push(message.text());
  });
  page.on('request', (request) => asked.push(request.url()));
  if (theme) await page.addInitScript((wanted) => localStorage.setItem('watchfire.theme', wanted), theme);
  if (before) await before(page);
  await page.goto(`${url.replace(/\/$/, '')}${path}`);
  if (live) await liveAgain(page);
  const close = async () => {
    // An answer that a story was still changing is of no use to anybody now. A hook may close what its story closed.
    if (!page.isClosed()) await page.unrouteAll({ behavior: 'ignoreErrors' });
    await own.close();
  };
  return { page, context: own, errors, asked, close };
}

/** Waits until the page says that its line is live. */
export const liveAgain = (page) => page.getByRole('status').filter({ hasText: /^●\s*(live|实时)/ }).first().waitFor();

/** Waits until a question has the wanted answer, and returns it. What is thrown or wrong at the end is in the message. */
export async function until(ask, what, bound_ms = BOUND_MS) {
  const end = Date.now() + bound_ms;
  for (;;) {
    let fault = null;
    const answer = await Promise.resolve().then(ask).catch((thrown) => ((fault = thrown), null));
    if (answer) return answer;
    if (Date.now() >= end) throw new Error(`in vain: ${what}${fault ? `\n${fault.message}` : ''}`);
    await new Promise((again) => setTimeout(again, 100));
  }
}

/** Fails unless the page keeps WCAG 2.2 AA as far as a program can see, and is no wider than its window. */
export async function access(page, where) {
  // evaluate() reaches the page over the debugging line, which the content policy does not rule.
  await page.evaluate(axe);
  const found = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] }), RULES);
  const faults = found.violations.flatMap((each) => each.nodes.slice(0, 3).map((node) => `${where}: ${each.id} ${node.target} ${node.failureSummary}`));
  assert.deepEqual(faults, []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${where}: the page is ${wide} px wider than the window`);
  // What is long scrolls within the page, under the header: the window itself must not.
  const high = await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight);
  assert.ok(high <= 1, `${where}: the page is ${high} px higher than the window`);
}

/** Frees every unit and ends every incident, so that the next story finds the house as it was. */
export async function tidy(by) {
  const board = await by.get('/board');
  for (const each of board.assignments) {
    if (['proposed', 'sent', 'acknowledged', 'departed', 'arrived'].includes(each.status)) await by.post(`/assignments/${each.id}/cancel`, { reason: 'the story is over' });
  }
  for (const each of board.incidents) {
    if (['active', 'assigned', 'en_route', 'on_scene'].includes(each.status)) await by.ask('POST', `/incidents/${each.id}/close`, { disposition: 'the story is over' });
  }
  for (const each of (await by.get('/board')).units) {
    if (each.status !== 'available') await by.post(`/units/${each.id}/available`);
    if (each.rest_until) await by.ask('POST', `/units/${each.id}/end-rest`, {});
  }
}
