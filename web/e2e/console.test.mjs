// Stories of the console against a busy night, the demo's: it asks nobody but its node, and what a node says is shown as it
// says it. The seats have stories in files of their own. They wait for conditions with a bound and never for a length of time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, node_url, openPage, skip } from './browser.mjs';

/** The longest the page may take for anything, in ms. */
const BOUND_MS = 20_000;

const row = 'section.incidents ul:not(.strip ul) button';
let browser;

before(async () => {
  if (!skip) browser = await launch();
});
after(async () => {
  await browser?.close();
});

const at = '2026-01-01T00:00:00.000Z';
const place = { lat: 37.78, lon: -122.42, address: '1 Test Street', area: null };

/** A board that stays as it is: on a fast replay an incident may be closed before a story is told. */
const still = {
  cursor: '0', calls: [], assignments: [], stations: [], road_conditions: [], records: [], operations: [],
  peers: { node: '0'.repeat(64), name: 'Still', addresses: [], listening: null, federated: false, version: '0.1.0', peers: [], enrolments: [] },
  incidents: [{
    id: 'i1', version: 1, number: 1, status: 'active', category: 'fire', priority: 1, alarm_level: 1, place, opened_at: at,
    closed_at: null, disposition: null, calls: [], assignments: [], merged_into: null, links: [], notes: 0, attended: false, alarms: [],
    pairs: [], offered_to: null, erased_at: null, split_from: null,
  }],
  units: [{
    id: 'u1', version: 1, callsign: 'E12', kind: 'engine', capabilities: [], station: null, crew: null, status: 'available',
    status_since: at, assignment: null, rest_until: null, moved_to: null, position: null,
  }],
};

const recommendation = {
  basis: 'straight_line', conditions_version: null, siren: false, cover: null, rules: [], diversions: [], passed_over: [],
  needs: [{ label: { en: 'Engine', zh: '消防车' }, wanted: 2, have: 0, within_s: 240, chosen: ['u1'] }],
  candidates: [{
    unit: 'u1', callsign: 'E12', kind: 'engine', travel_time_s: 125, basis: 'straight_line', chosen: true,
    reasons: [{ code: 'rank', text: { en: 'nearest of all', zh: '最近' } }],
  }],
  shortfalls: [{ code: 'none_free', text: { en: 'one engine is missing', zh: '缺一辆消防车' } }],
};

/** Puts the still board in the place of the node's own. */
async function standStill(page) {
  await page.route('**/api/v1/board', (route) => route.fulfill({ json: still }));
  await page.route('**/api/v1/stream*', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: `event: clock\ndata: {"now":"${at}","speed":1}\n\n` }));
  await page.route('**/incidents/i1/recommendation', (route) => route.fulfill({ json: recommendation }));
  await page.route('**/incidents/i1/entries*', (route) => route.fulfill({ json: { entries: [], next: null } }));
}

async function ready(page) {
  await page.locator('header .line.live').waitFor({ timeout: BOUND_MS });
  await page.locator(row).first().waitFor({ timeout: BOUND_MS });
}

test('the page asks nobody but its node and breaks no rule of its content policy', { skip }, async () => {
  const { page, errors, asked, close } = await openPage(browser, new URL('/dispatch', node_url).href);
  await ready(page);
  await page.locator('canvas.maplibregl-canvas').waitFor({ timeout: BOUND_MS });
  await page.locator(row).first().click();
  await page.locator('section.incident article').waitFor({ timeout: BOUND_MS });
  const own = new URL(node_url).origin;
  const strangers = asked.filter((url) => !url.startsWith(own) && !url.startsWith(`blob:${own}`) && !url.startsWith('data:'));
  assert.deepEqual(strangers, []);
  assert.deepEqual(errors, []);
  await close();
});

test('a straight-line time says so, a shortfall is shown, and a refusal is shown in the words of the node', { skip }, async () => {
  const { page, close } = await openPage(browser, new URL('/dispatch', node_url).href, { before: async (page) => {
    await standStill(page);
    await page.route('**/incidents/*/assignments', (route) => route.fulfill({
      status: 403, contentType: 'application/problem+json',
      json: { type: 'about:blank', title: 'An overseer sends nobody.', status: 403, detail: { en: 'An overseer sends nobody.', zh: '监督员不派警。' }, next_step: { en: 'Ask the dispatcher.', zh: '请联系调度员。' }, code: 'not_allowed' },
    }));
  } });
  await page.locator(row).click({ timeout: BOUND_MS });
  const detail = page.locator('section.incident');
  await detail.getByText('one engine is missing').waitFor({ timeout: BOUND_MS });
  await detail.getByText('≈ 2:05 straight line').waitFor({ timeout: BOUND_MS });
  await detail.getByRole('button', { name: /Send recommended: E12/ }).waitFor({ timeout: BOUND_MS });
  await page.keyboard.press('Control+Enter');
  // It stands in the strip of what was done, where everything else that was asked stands.
  const note = page.getByRole('list', { name: 'What was done' }).getByRole('alert');
  await note.getByText('An overseer sends nobody.').waitFor({ timeout: BOUND_MS });
  assert.match(await note.innerText(), /An overseer sends nobody\.\s+Next: Ask the dispatcher\./);
  await close();
});

test('the same sending tried again after a broken line keeps its key', { skip }, async () => {
  const keys = [];
  const { page, close } = await openPage(browser, new URL('/dispatch', node_url).href, { before: async (page) => {
    await standStill(page);
    await page.route('**/incidents/*/assignments', (route) => {
      keys.push(route.request().headers()['idempotency-key']);
      return keys.length === 1 ? route.abort() : route.fulfill({ json: { assignments: [] } });
    });
  } });
  await page.locator(row).click({ timeout: BOUND_MS });
  const send = page.locator('section.incident .bar button.main');
  await send.click({ timeout: BOUND_MS });
  await page.getByText('It is not known whether the request arrived.').waitFor({ timeout: BOUND_MS });
  await send.click({ timeout: BOUND_MS });
  await page.getByText('durable on this node').waitFor({ timeout: BOUND_MS });
  assert.equal(keys.length, 2);
  assert.match(keys[0], /^[0-9a-f-]{36}$/);
  assert.equal(keys[0], keys[1]);
  await close();
});

