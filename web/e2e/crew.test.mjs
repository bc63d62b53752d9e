// Stories of a unit's crew with a phone, against a node of their own: what it is sent to, two taps for
// each status, and what becomes of them without coverage. They wait for conditions with a bound and never
// for a length of time.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch, openLine } from './browser.mjs';
import { PASSWORD, openHouse, skip_house as skip } from './house.mjs';

/** The longest the page may take for anything, in ms. */
const BOUND_MS = 20_000;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser, house, dispatcher, unit, other, crew, context;

before(async () => {
  if (skip) return;
  house = await openHouse({ name: 'Fushan' });
  dispatcher = await house.program('dispatcher');
  unit = await house.unit({ callsign: 'E1' });
  other = await house.unit({ callsign: 'E2' });
  crew = await house.person({ login: 'crew', name: 'Crew of E1', seats: ['crew'], unit: unit.id });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.close();
});

beforeEach(async () => {
  if (!skip) context = await phone();
});
afterEach(async () => {
  if (skip) return;
  await context.close();
  for (const each of (await dispatcher.get('/board')).assignments) {
    if (['sent', 'acknowledged', 'departed', 'arrived'].includes(each.status)) await dispatcher.post(`/assignments/${each.id}/clear`);
  }
  const now = (await dispatcher.get('/board')).units.find((each) => each.id === unit.id);
  if (now.status !== 'available') await dispatcher.post(`/units/${unit.id}/available`);
});

/** A phone on which the crew is signed in. */
async function phone({ locale = 'en-US', colorScheme = 'light', width = 390, height = 844, ...more } = {}) {
  const made = await browser.newContext({ locale, colorScheme, viewport: { width, height }, hasTouch: true, ...more });
  await house.signIn(made, crew);
  return made;
}

/** Opens the crew's page and waits until it is live and kept on the phone. */
async function open(on = context, url = house.url) {
  const page = await on.newPage();
  await page.goto(`${url}/crew`);
  await page.getByRole('status').filter({ hasText: /live|实时/ }).waitFor({ timeout: BOUND_MS });
  await page.waitForFunction(() => navigator.serviceWorker.ready.then(() => true), null, { timeout: BOUND_MS });
  return page;
}

/** Opens an incident and sends the crew's unit, alone or with others. */
async function send(more = {}, units = [unit.id]) {
  const incident = await house.incident(dispatcher, more);
  const [assignment] = await house.send(dispatcher, incident.id, units);
  return { incident, assignment };
}

/** Taps a button twice, as the page wants it. On a slow machine the four seconds may run out between the taps;
    then the button is as it was, and it is begun again. */
async function twice(page, name) {
  // A page in the background draws seldom, and a button that is not drawn cannot be tapped.
  await page.bringToFront();
  const plain = page.getByRole('button', { name, exact: true });
  const armed = page.getByRole('button', { name: new RegExp(`(Tap again to confirm|再按一次确认)\\s*${name}`) });
  await until(async () => {
    await plain.click({ timeout: BOUND_MS });
    // The second tap counts only some time after the first, so it is tried until it does.
    await armed.waitFor({ timeout: 1_000 }).catch(() => undefined);
    while (await armed.isVisible()) await armed.click({ timeout: 1_000 }).catch(() => undefined);
    return plain.waitFor({ state: 'hidden', timeout: 3_000 }).then(() => true, () => false);
  }, `two taps on ${name}`);
}

/** What happened to the assignments of an incident, oldest first. */
async function steps(incident) {
  const { entries } = await dispatcher.get(`/incidents/${incident.id}/entries`);
  return entries.filter((entry) => entry.record === 'assignment');
}
const kinds = (entries) => entries.map((entry) => entry.kind.replace('assignment.', ''));

/** Waits until a question has the wanted answer. */
async function until(ask, what) {
  const end = Date.now() + BOUND_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < end, `in vain: ${what}`);
    await new Promise((again) => setTimeout(again, 100));
  }
}

async function check(page, where) {
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }),
  );
  const faults = found.violations.map((each) => `${where}: ${each.id} ${each.nodes[0].target} ${each.nodes[0].failureSummary}`);
  assert.deepEqual(faults, []);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${where}: the page is ${wide} px wider than the screen`);
}

test('a crew signs in, is told what it is sent to and who else goes, and takes each step in two taps', { skip }, async () => {
  const own = await browser.newContext({ locale: 'en-US', viewport: { width: 390, height: 844 } });
  const page = await own.newPage();
  await page.goto(`${house.url}/crew`);
  await page.getByLabel('Sign-in name').fill('crew');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('Nothing is assigned to you. The line to the node is live.').waitFor({ timeout: BOUND_MS });

  const { incident } = await send({ priority: 1, said: 'smoke from the roof', caller: 'Wu Min' }, [unit.id, other.id]);
  const card = page.getByRole('article', { name: 'Your assignment' });
  await card.getByRole('heading', { name: 'Structure fire' }).waitFor({ timeout: BOUND_MS });
  const told = await card.innerText();
  assert.match(told, /Immediate/);
  assert.match(told, /Fushan Street 9/);
  assert.match(told, /30\.00100, 120\.58100/);
  assert.match(told, /E2\s+Engine/);
  assert.match(told, /What callers said is not shown on a crew's phone/);
  assert.doesNotMatch(await page.content(), /smoke from the roof|Wu Min/);
  assert.match(await card.getByRole('link', { name: 'Navigate there' }).getAttribute('href'), /^geo:30\.001,120\.581/);
  await page.getByRole('alert').filter({ hasText: 'New assignment' }).waitFor();

  for (const step of ['Acknowledge', 'Departed', 'On scene', 'Clear']) {
    await twice(page, step);
    await page.getByRole('status').filter({ hasText: `${step}, ` }).waitFor({ timeout: BOUND_MS });
  }
  await page.getByText('Nothing is assigned to you.').waitFor({ timeout: BOUND_MS });
  assert.deepEqual(kinds(await steps(incident)), ['sent', 'sent', 'acknowledged', 'departed', 'arrived', 'cleared']);
  await page.getByText(/Earlier, last 12 hours/).click();
  await page.getByRole('listitem').filter({ hasText: `#${incident.number} Structure fire` }).waitFor();
  await own.close();
});

test('one tap, and a double tap by accident, report nothing', { skip }, async () => {
  const page = await open();
  const { incident } = await send();
  const button = page.getByRole('button', { name: /Acknowledge$/ });
  await button.dblclick({ timeout: BOUND_MS });
  await page.getByRole('button', { name: /Tap again to confirm/ }).waitFor();
  // After four seconds the button is as it was.
  await page.getByRole('button', { name: 'Acknowledge', exact: true }).waitFor({ timeout: BOUND_MS });
  assert.deepEqual(kinds(await steps(incident)), ['sent']);
});

test('without coverage three statuses wait, survive a reload, and go out once, in order, with the time of the tap', { skip }, async () => {
  const page = await open();
  const { incident } = await send();
  await page.getByRole('article').waitFor({ timeout: BOUND_MS });
  await context.setOffline(true);
  await page.getByRole('alert').filter({ hasText: 'No coverage since' }).waitFor({ timeout: BOUND_MS });
  for (const step of ['Acknowledge', 'Departed', 'On scene']) await twice(page, step);
  const waiting = page.getByRole('region', { name: 'Statuses that wait' }).getByRole('listitem');
  await until(async () => (await waiting.count()) === 3, 'three wait');
  assert.match(await waiting.nth(0).innerText(), /Acknowledge[\s\S]*waiting for coverage/);
  assert.match(await waiting.nth(2).innerText(), /On scene[\s\S]*waiting for coverage/);
  assert.deepEqual(kinds(await steps(incident)), ['sent']);

  // The page is opened again without coverage: from the phone, and it says so.
  await page.reload();
  await page.getByRole('article').getByText('Fushan Street 9').waitFor({ timeout: BOUND_MS });
  const band = page.getByRole('alert').filter({ hasText: 'No coverage since' });
  assert.match(await band.innerText(), /last known as of \d\d:\d\d:\d\d/);
  await until(async () => (await waiting.count()) === 3, 'three still wait');
  assert.equal(await page.getByText('Nothing is assigned to you').count(), 0);

  const back_at = Date.now();
  await context.setOffline(false);
  await until(async () => (await steps(incident)).length === 4, 'all are with the node');
  await waiting.first().waitFor({ state: 'hidden', timeout: BOUND_MS });
  const entries = await steps(incident);
  assert.deepEqual(kinds(entries), ['sent', 'acknowledged', 'departed', 'arrived']);
  for (const entry of entries.slice(1)) assert.ok(Date.parse(entry.claimed_at) < back_at, `${entry.kind} says when it was tapped`);
  await page.getByRole('status').filter({ hasText: /^● live/ }).waitFor({ timeout: BOUND_MS });
});

test('two pages on one phone send what waits once', { skip }, async () => {
  const [one, two] = [await open(), await open()];
  const { incident } = await send();
  for (const page of [one, two]) await page.getByRole('article').waitFor({ timeout: BOUND_MS });
  const keys = [];
  context.on('request', (request) => {
    if (request.method() === 'POST') keys.push(request.headers()['idempotency-key']);
  });
  await context.setOffline(true);
  await twice(one, 'Acknowledge');
  // The other page knows what was tapped here, and goes on from it.
  await twice(two, 'Departed');
  await one.getByRole('button', { name: 'On scene', exact: true }).waitFor({ timeout: BOUND_MS });
  keys.length = 0;
  await context.setOffline(false);
  await until(async () => (await steps(incident)).length === 3, 'both are with the node');
  for (const page of [one, two]) await page.getByRole('region', { name: 'Statuses that wait' }).waitFor({ state: 'hidden', timeout: BOUND_MS });
  assert.deepEqual(kinds(await steps(incident)), ['sent', 'acknowledged', 'departed']);
  assert.equal(new Set(keys).size, 2);
});

test('what the node refuses stops what is behind it, in the words of the node, until the crew lets it go', { skip }, async () => {
  const page = await open();
  const { incident, assignment } = await send();
  await page.getByRole('article').waitFor({ timeout: BOUND_MS });
  await context.setOffline(true);
  for (const step of ['Acknowledge', 'Departed']) await twice(page, step);
  await dispatcher.post(`/assignments/${assignment.id}/cancel`, { reason: 'a nearer unit is free' });
  await context.setOffline(false);
  const band = page.getByRole('region', { name: 'Statuses that wait' });
  await band.getByText('The node said no').waitFor({ timeout: BOUND_MS });
  assert.match(await band.innerText(), /cancelled[\s\S]*Next: Send the unit again/);
  await page.getByRole('alert').filter({ hasText: 'Called off' }).getByText('a nearer unit is free').waitFor({ timeout: BOUND_MS });
  await twice(page, 'Drop all 2 that wait');
  await band.waitFor({ state: 'hidden', timeout: BOUND_MS });
  await page.getByRole('button', { name: 'Understood' }).click();
  await page.getByText('Nothing is assigned to you.').waitFor({ timeout: BOUND_MS });
  assert.deepEqual(kinds(await steps(incident)), ['sent', 'cancelled']);
});

test('an answer lost on the way is asked for again under the same key', { skip }, async () => {
  const page = await open();
  const { incident } = await send();
  const keys = [];
  await page.route('**/api/v1/assignments/**', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    // The node does it, and the crew never hears of it.
    await route.fetch();
    await route.abort();
  });
  await twice(page, 'Acknowledge');
  await until(() => keys.length === 2, 'asked twice');
  await page.getByRole('status').filter({ hasText: 'Acknowledge, ' }).waitFor({ timeout: BOUND_MS });
  assert.equal(keys[0], keys[1]);
  assert.deepEqual(kinds(await steps(incident)), ['sent', 'acknowledged']);
});

test('the node loses power while a status waits: it is carried out once when the node is back', { skip }, async () => {
  const page = await open();
  const { incident } = await send();
  await page.getByRole('article').waitFor({ timeout: BOUND_MS });
  await house.kill();
  await twice(page, 'Acknowledge');
  await page.getByRole('alert').filter({ hasText: 'No coverage since' }).waitFor({ timeout: BOUND_MS });
  await house.start();
  await until(async () => (await steps(incident)).length === 2, 'it is with the node');
  await page.getByRole('status').filter({ hasText: /^● live/ }).waitFor({ timeout: BOUND_MS });
  assert.deepEqual(kinds(await steps(incident)), ['sent', 'acknowledged']);
});

test('a line that goes silent is called no coverage, and no assignment is not called nothing to do', { skip }, async () => {
  const line = await openLine(house.url);
  const page = await open(context, line.url.slice(0, -1));
  await page.getByText('Nothing is assigned to you.').waitFor({ timeout: BOUND_MS });
  line.cut();
  await page.getByRole('alert').filter({ hasText: 'No coverage since' }).waitFor({ timeout: BOUND_MS });
  await page.getByText('No assignment was known when the node was last heard.').waitFor();
  assert.equal(await page.getByText('Nothing is assigned to you.').count(), 0);
  line.heal();
  await page.getByText('Nothing is assigned to you.').waitFor({ timeout: BOUND_MS });
  line.close();
});

test('only the crew\'s page is kept on the phone, and nothing that the node says', { skip }, async () => {
  const page = await open();
  await page.reload();
  await page.getByRole('status').filter({ hasText: /^● live/ }).waitFor({ timeout: BOUND_MS });
  const kept = await page.evaluate(async () => {
    const found = [];
    for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
    return found;
  });
  assert.ok(kept.includes('/crew') && kept.some((path) => path.startsWith('/assets/Crew-')), kept.join(' '));
  assert.deepEqual(kept.filter((path) => path.startsWith('/api/')), []);
  await context.setOffline(true);
  assert.equal(await page.evaluate(() => fetch('/api/v1/board').then(() => 'answered', () => 'no line')), 'no line');
  const console_page = await context.newPage();
  await assert.rejects(console_page.goto(`${house.url}/dispatch`), /ERR_INTERNET_DISCONNECTED/);
  await context.setOffline(false);
  const scopes = await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).map((each) => new URL(each.scope).pathname));
  assert.deepEqual(scopes, ['/crew']);
});

test('a console in the control room registers no worker', { skip }, async () => {
  const page = await context.newPage();
  await page.goto(`${house.url}/wall`);
  await page.locator('.frame').waitFor({ timeout: BOUND_MS });
  assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
});

test('signing out takes everything off the phone', { skip }, async () => {
  const own = await browser.newContext({ locale: 'en-US', viewport: { width: 390, height: 844 } });
  const page = await own.newPage();
  await page.goto(`${house.url}/crew`);
  await page.getByLabel('Sign-in name').fill('crew');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await send();
  await page.getByRole('article').waitFor({ timeout: BOUND_MS });
  const kept = () => page.evaluate(() => Object.values(localStorage).join(' '));
  await until(async () => /Fushan Street/.test(await kept()), 'the assignment is kept');
  assert.doesNotMatch(await kept(), /Crew of E1/, 'nobody\'s name is kept');
  await twice(page, 'Sign out');
  await page.getByLabel('Sign-in name').waitFor({ timeout: BOUND_MS });
  assert.doesNotMatch(await kept(), /Fushan Street/);
  await own.close();
});

test('the position is sent only after the crew has switched that on, and no longer than it is on duty', { skip }, async () => {
  const found = await phone({ geolocation: { latitude: 30.01, longitude: 120.59 }, permissions: ['geolocation'] });
  const page = await open(found);
  const positions = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/position')) positions.push(request.postDataJSON());
  });
  const where = async () => (await dispatcher.get(`/units/${unit.id}`)).position;
  await page.getByText('The position is not sent.').waitFor({ timeout: BOUND_MS });
  assert.equal(positions.length, 0);
  await page.getByRole('button', { name: "Send this unit's position while on duty" }).click();
  await page.getByText('The position is sent to the node').waitFor({ timeout: BOUND_MS });
  assert.equal((await where()).lat, 30.01);
  await page.getByText('Out of service, rest, off duty').click();
  await twice(page, 'Off duty');
  await page.getByText('Off duty: no position is sent.').waitFor({ timeout: BOUND_MS });
  assert.equal(await where(), null);
  await found.close();
});

test('a position that the browser does not give is said to be denied', { skip }, async () => {
  const denied = await phone({ permissions: [] });
  const page = await open(denied);
  await page.getByRole('button', { name: "Send this unit's position while on duty" }).click();
  await page.getByText('The browser does not allow this page to know the position.').waitFor({ timeout: BOUND_MS });
  await denied.close();
});

test('a free crew goes out of service with a reason, and back', { skip }, async () => {
  const page = await open();
  await page.getByText('Out of service, rest, off duty').click();
  const form = page.getByRole('region', { name: 'Out of service' });
  assert.ok(await form.getByRole('button', { name: 'Out of service' }).isDisabled(), 'it needs a reason');
  await form.getByRole('button', { name: 'Refuelling' }).click();
  await twice(page, 'Out of service');
  await until(async () => (await dispatcher.get(`/units/${unit.id}`)).reason === 'Refuelling', 'out of service');
  await twice(page, 'Available');
  await until(async () => (await dispatcher.get(`/units/${unit.id}`)).status === 'available', 'available');
});

test('a note written without coverage waits in order with the statuses, and the dispatcher reads it', { skip }, async () => {
  const page = await open();
  const { incident } = await send();
  await page.getByRole('article').waitFor({ timeout: BOUND_MS });
  await context.setOffline(true);
  await twice(page, 'Acknowledge');
  await page.getByLabel('Note on this incident').fill('gate is locked, come by the river');
  await page.getByRole('button', { name: 'Send the note' }).click();
  const waiting = page.getByRole('region', { name: 'Statuses that wait' }).getByRole('listitem');
  await waiting.filter({ hasText: 'come by the river' }).waitFor({ timeout: BOUND_MS });
  await context.setOffline(false);
  const { notes } = await until(async () => {
    const told = await dispatcher.get(`/incidents/${incident.id}/notes`);
    return told.notes.length > 0 ? told : null;
  }, 'the note is with the node');
  assert.deepEqual(notes.map((note) => note.text), ['gate is locked, come by the river']);
  assert.deepEqual(kinds(await steps(incident)), ['sent', 'acknowledged']);
});

test('a crew declines with a reason', { skip }, async () => {
  const page = await open();
  const { assignment } = await send();
  await page.getByText(/^Other reports/).click({ timeout: BOUND_MS });
  const form = page.getByRole('region', { name: 'Cannot go' });
  await form.getByLabel('Why you cannot go', { exact: true }).last().fill('flat tyre');
  await twice(page, 'Decline');
  const now = await until(async () => {
    const told = await dispatcher.get(`/assignments/${assignment.id}`);
    return told.status === 'declined' ? told : null;
  }, 'declined');
  assert.equal(now.ending, 'flat tyre');
});

test('somebody without a unit is told what to do', { skip }, async () => {
  const nobody = await house.person({ login: 'nobody', seats: ['dispatcher'] });
  const own = await browser.newContext({ locale: 'en-US' });
  await house.signIn(own, nobody);
  const page = await own.newPage();
  await page.goto(`${house.url}/crew`);
  await page.getByText('You are not the crew of a unit.').waitFor({ timeout: BOUND_MS });
  await page.getByText('Ask the administrator to enter your unit for the sign-in name nobody').waitFor();
  await own.close();
});

for (const [locale, words] of [['en-US', ['Acknowledge', 'live']], ['zh-CN', ['接收派警', '实时']]]) {
  for (const colorScheme of ['light', 'dark']) {
    // 195 pixels are what a phone of 390 has at 200 % zoom.
    for (const width of [390, 195]) {
      test(`${locale}, ${colorScheme}, ${width} px: WCAG 2.2 AA holds, free, sent and without coverage`, { skip }, async () => {
        const own = await phone({ locale, colorScheme, width, height: width === 195 ? 422 : 844 });
        const page = await open(own);
        await page.locator('section.free').waitFor({ timeout: BOUND_MS });
        await check(page, 'free');
        await send({ priority: 1 }, [unit.id, other.id]);
        await page.getByRole('button', { name: words[0], exact: true }).waitFor({ timeout: BOUND_MS });
        for (const fold of await page.locator('details').all()) await fold.evaluate((each) => (each.open = true));
        await check(page, 'sent');
        await own.setOffline(true);
        await twice(page, words[0]);
        await page.getByRole('region', { name: /Statuses that wait|待发状态/ }).waitFor({ timeout: BOUND_MS });
        await check(page, 'without coverage');
        await own.close();
      });
    }
  }
}
