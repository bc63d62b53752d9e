// Stories of access: every seat keeps WCAG 2.2 AA in both languages, dark and light, on a desk, on a phone and at 200 % zoom;
// everything is reached by Tab; no host but the node is asked; and what has to be loaded first is small.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip, streets } from './house.mjs';
import { BOUND_MS, access, liveAgain, openSeat, until } from './seat.mjs';

/** The most that may be loaded before the lists are up, in bytes on the wire, without the map library and the parts of the font. */
const FIRST_LOAD_BYTES_MAX = 400_000;

let browser, house, person, by, fire;

before(async () => {
  if (skip) return;
  const town = streets([
    { 'name': '解放路', 'name:en': 'Jiefang Road', 'through': [[0, 1], [1, 1], [2, 1]] },
    { 'name': '人民路', 'name:en': 'Renmin Road', 'through': [[1, 0], [1, 1], [1, 2]] },
  ]);
  // An unanswered crew and an incident that nobody is on, so that the alarms are looked at too.
  const timers = { unanswered_s: 1, late_departure_s: 3600, unassigned_s: [1, 3600, 3600, 3600], call_waiting_s: 1 };
  house = await openHouse({ name: 'Fushan', town, settings: { timers } });
  person = await house.person({ login: 'all', name: '陈静 Chen Jing', seats: ['call_taker', 'dispatcher', 'duty_officer', 'analyst'] });
  by = await house.program('dispatcher');
  await house.station({ code: '1', name: 'North 城北站' });
  for (const callsign of ['E1', 'E2', 'T1']) await house.unit({ callsign, kind: callsign === 'T1' ? 'truck' : 'engine' });
  const unit = await house.unit({ callsign: 'E9' });
  fire = await house.incident(by, { address: '解放路 4', priority: 2, said: 'smoke from the roof' });
  await house.incident(by, { address: '人民路 9', priority: 1, lat: 30.02 });
  await house.send(by, fire.id, [unit.id]);
  await by.post('/calls', { place: { lat: 30.004, lon: 120.58, address: '人民路 2' }, category: 'gas_leak', priority: 2 });
});
after(async () => {
  await house?.close();
});
// Each story has a browser of its own: maps that are drawn without a graphics card leave one slower with every page.
beforeEach(async () => {
  if (!skip) browser = await launch();
});
afterEach(async () => {
  await browser?.close();
});

/** Every seat, and how one knows that it is there. */
const seats = () => [
  ['/take', (page) => page.getByRole('form').or(page.getByLabel(/^(What is happening\?|发生了什么？)$/)).first().waitFor()],
  ['/dispatch', async (page) => {
    // On a narrow screen the alarm above the list is pressed just as well.
    await page.getByRole('button', { name: /解放路 4/ }).first().click();
    await page.locator('section.incident article').waitFor();
  }],
  ['/duty', (page) => page.getByRole('table').first().waitFor()],
  ['/operations', (page) => page.getByText(/^(Choose an operation, or raise one.|请选择行动，或发起行动。)$/).or(page.getByText(/^(No operation.|暂无合成作战。)$/)).first().waitFor()],
  ['/peers', (page) => page.getByRole('heading', { name: /^(This node|本节点)/ }).waitFor()],
  ['/review', (page) => page.getByText(/^(PAST|历史)/).first().waitFor()],
  ['/figures', (page) => page.getByRole('tablist').waitFor()],
  ['/wall', (page) => page.getByRole('region', { name: /^(Six figures|六项指标)$/ }).waitFor()],
  [`/incident/${fire.id}`, (page) => page.getByRole('heading', { level: 1, name: /#\d/ }).waitFor()],
];

/** A desk, a phone, and a desk at 200 % zoom, which leaves half of the pixels each way. */
const WINDOWS = [[1440, 900], [390, 844], [720, 450]];

for (const locale of ['en-US', 'zh-CN']) {
  for (const theme of ['dark', 'light']) {
    test(`${locale}, ${theme}: every seat keeps WCAG 2.2 AA on a desk, on a phone and at 200 % zoom`, { skip }, async () => {
      const { page } = await openSeat(browser, house, person, '/duty', { locale, theme });
      const faults = [];
      for (const [path, ready] of seats()) {
        await page.goto(`${house.url}${path}`);
        await liveAgain(page);
        await ready(page);
        assert.equal(await page.locator('html').getAttribute('lang'), locale === 'zh-CN' ? 'zh-CN' : 'en');
        assert.equal(await page.locator('html').getAttribute('data-theme'), theme);
        for (const [width, height] of WINDOWS) {
          // The wall is no page for a phone.
          if (path === '/wall' && width !== 1440) continue;
          await page.setViewportSize({ width, height });
          await access(page, `${path} ${width} px`).catch((fault) => faults.push(fault.message));
        }
        await page.setViewportSize({ width: 1440, height: 900 });
      }
      assert.equal(faults.join('\n'), '');
    });
  }
}

for (const path of ['/dispatch', '/take']) {
  test(`everything on ${path} is reached by Tab`, { skip }, async () => {
    const { page } = await openSeat(browser, house, person, path);
    await seats().find(([each]) => each === path)[1](page);
    const count = await page.evaluate(() => {
      const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter((each) =>
        !each.disabled && each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true }) && each.type !== 'hidden');
      all.forEach((each, index) => each.setAttribute('data-story', String(index)));
      document.activeElement?.blur();
      return all.length;
    });
    const met = new Set();
    for (let pressed = 0; pressed < 3 * count && met.size < count; pressed += 1) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => document.activeElement?.getAttribute('data-story') ?? null);
      if (at !== null) met.add(at);
    }
    // What a new record or an answer has taken off the page meanwhile cannot be reached any more.
    const missed = await page.evaluate((seen) => [...document.querySelectorAll('[data-story]')]
      .filter((each) => !seen.includes(each.getAttribute('data-story')) && !each.disabled && each.tabIndex >= 0 && !(each.type === 'radio' && !each.checked))
      .map((each) => each.outerHTML.slice(0, 160)), [...met]);
    assert.deepEqual(missed, []);
    assert.ok(count > 15, `${count} controls`);
  });
}

test('no seat asks anybody but its node, or breaks a rule of its content policy', { skip }, async () => {
  const { page, asked, errors } = await openSeat(browser, house, person, '/duty');
  for (const [path, ready] of seats()) {
    await page.goto(`${house.url}${path}`);
    await liveAgain(page);
    await ready(page);
    if (['/dispatch', '/wall', '/review'].includes(path)) await page.locator('canvas.maplibregl-canvas').first().waitFor({ state: 'attached' });
  }
  const strangers = asked.filter((url) => !url.startsWith(house.url) && !url.startsWith(`blob:${house.url}`) && !url.startsWith('data:'));
  assert.deepEqual(strangers, []);
  assert.deepEqual(errors, []);
});

for (const locale of ['en-US', 'zh-CN']) test(`${locale}: the first load without the map library and the font is below 400 kB, and the list is soon usable`, { skip }, async () => {
  // The program's own page and not the one of WATCHFIRE_DIST: only the program serves it as it goes over the wire.
  const context = await browser.newContext({ locale, viewport: { width: 1440, height: 900 } });
  await house.signIn(context, person);
  const page = await context.newPage();
  page.setDefaultTimeout(BOUND_MS);
  const line = await context.newCDPSession(page);
  await line.send('Network.enable');
  const [names, sizes] = [new Map(), new Map()];
  line.on('Network.requestWillBeSent', ({ requestId, request }) => names.set(requestId, new URL(request.url).pathname));
  line.on('Network.dataReceived', ({ requestId, encodedDataLength }) => sizes.set(requestId, (sizes.get(requestId) ?? 0) + encodedDataLength));
  line.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
  const begun = performance.now();
  await page.goto(`${house.api}/dispatch`);
  await page.getByRole('button', { name: /解放路 4/ }).first().waitFor();
  const usable_ms = Math.round(performance.now() - begun);
  await page.locator('canvas.maplibregl-canvas').waitFor();
  await until(() => page.evaluate(() => document.fonts.status === 'loaded'), 'the fonts are there');
  const files = [...names].filter(([, name]) => !name.startsWith('/api/')).map(([id, name]) => [name, sizes.get(id) ?? 0]);
  const sum = (list) => list.reduce((total, [, bytes]) => total + bytes, 0);
  const library = files.filter(([name]) => /maplibre/.test(name));
  const first = files.filter(([name]) => !/maplibre/.test(name));
  const fonts = first.filter(([name]) => name.endsWith('.woff2'));
  const told = `${locale}: ${Math.round(sum(first) / 1000)} kB of page (fonts: ${Math.round(sum(fonts) / 1000)} kB in ${fonts.length} files), ` +
    `${Math.round(sum(library) / 1000)} kB of map library, list usable after ${usable_ms} ms`;
  console.log(told);
  const largest = [...first].sort((a, b) => b[1] - a[1]).slice(0, 6).map(([name, bytes]) => `${name} ${bytes}`);
  assert.ok(sum(library) > 0, 'the map library was loaded too');
  // The Chinese font comes in parts, as characters need them, while the list stands there in another one already: its size is told
  // above and not held against the page.
  assert.ok(sum(first) - sum(fonts) < FIRST_LOAD_BYTES_MAX, `${told}\n${largest.join('\n')}`);
});
