// Measures the console as it is in a storm: 200 of them, 15 calls a second for a minute, ten thousand units that
// move. `WATCHFIRE_BIN=../target/release/watchfire node e2e/measure-consoles.mjs [--quick] [--json]`, or
// `cargo xtask bench -- --only consoles`. One of the consoles is a real page in Chromium (dispatch, then call taking with
// somebody who types, then the wall), the others read the stream. Beside them a bare page of the same node that
// only follows the stream and has one field: what this browser needs on this machine when the page does nothing.
// All times are of one machine's clock. It fails when a floor is not reached. Start at `main`.
import { execFileSync, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './browser.mjs';
import { openHouse, skip_house } from './house.mjs';
import { MARK, marked } from './load-worker.mjs';

const quick = process.argv.includes('--quick');
const json = process.argv.includes('--json');
/** Which of the pages are opened; all of them unless told otherwise. */
const only = process.env.ONLY?.split(',');
/** A folder with another build of the console: its files take the place of the program's, all else is the program's. */
const dist = process.env.CONSOLE_DIST;

/** The load of the measurement, or that of a smoke run, which asserts nothing. */
const LOAD = quick
  ? { units: 500, incidents: 60, readers: 19, seconds: 8, first_units: 100, first_incidents: 20 }
  : { units: 10_000, incidents: 1_000, readers: 199, seconds: Number(process.env.STORM_S ?? 60), first_units: 200, first_incidents: 200 };
const CALLS_PER_S = 15;
/** Of so many calls one after another: the first opens an incident, the last waits, the others join one of few. */
const OPENED = new Set([0, 8]);
const RECORDED = 14;
const HOT = 5;
/** Every unit has a new fix once in this time, in ms. */
const ROUND_MS = 5_000;
/** How long the pages may come to rest before it begins, in ms. */
const REST_MS = 12_000;
/** How long after the last call something may still arrive before it counts as lost, in ms. */
const PATIENCE_MS = 5_000;
/** Those who fill the node, each with some requests under way at once: the node lets nobody ask 200 times a second. */
const HANDS = 24;
const AT_ONCE = 48;
/** From key to key, in ms: a fast typist in call taking; the others type more slowly beside them. */
const KEY_MS = 70;
const KEY_BESIDE_MS = 280;
/** After so many keys what was typed is cleared. */
const KEYS_TO_LINE_END = 60;
/** What counts as usable at first load, in ms, and its bytes without the map. */
const FLOORS = { screen_ms: 500, echo_ms: 50, usable_ms: 2_000, bytes_kb: 400 };

const CITY = fileURLToPath(new URL('../../examples/demo-city/', import.meta.url));
const strings = JSON.parse(readFileSync(new URL('../src/lib/strings/take.en.json', import.meta.url), 'utf8'));

/** A random number from 0 to 1 that is the same on every run. */
let seed = 7;
function random() {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}
const pick = (list) => list[Math.floor(random() * list.length)];
const pause = (ms) => new Promise((over) => setTimeout(over, ms));

// ---- the node and what is on it

/** Makes a node of the demo city, with its roads. */
async function openCity(folder) {
  const roads = path.join(folder, 'city.roads');
  execFileSync(process.env.WATCHFIRE_BIN, ['roads', 'build', path.join(CITY, 'roads.osm.pbf'), roads], { stdio: 'ignore' });
  const house = await openHouse({ name: 'Bench', zone: 'America/Los_Angeles' });
  const file = path.join(house.data, 'watchfire.toml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/(\[roads\][\s\S]*?\nfile = ).*$/m, (_, key) => `${key}${JSON.stringify(roads)}`));
  await house.kill();
  await house.start();
  return house;
}

/** Does something for each of many, some at once. */
async function inParallel(many, run) {
  let next = 0;
  const worker = async () => {
    while (next < many.length) {
      const at = next;
      next += 1;
      await run(many[at], at);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** What a node is filled with, a part at a time. */
class Filling {
  units = [];
  incidents = [];
  called = 0;
  constructor(hands, node) {
    this.hands = hands;
    this.categories = Object.keys(node.catalogue.categories);
    this.kinds = Object.keys(node.catalogue.kinds);
    const { west, south, east, north } = node.roads.bounds;
    // Two throws lie rather in the middle, as a city does.
    this.place = () => ({ lat: south + ((random() + random()) / 2) * (north - south), lon: west + ((random() + random()) / 2) * (east - west) });
  }

  hand() {
    this.turn = ((this.turn ?? 0) + 1) % this.hands.length;
    return this.hands[this.turn];
  }

  /** Enters units until there are so many, all on duty. */
  async enterUnits(count) {
    const fresh = Array.from({ length: count - this.units.length }, (_, index) => ({
      callsign: `U${this.units.length + index}`, kind: pick(this.kinds), heading: Math.floor(random() * 360), ...this.place(),
    }));
    await inParallel(fresh, async (unit) => {
      const { callsign, kind, lat, lon } = unit;
      const hand = this.hand();
      unit.id = (await hand.post('/units', { callsign, kind, post: { lat, lon } })).id;
      await hand.post(`/units/${unit.id}/available`);
    });
    this.units.push(...fresh);
  }

  /** Opens incidents until there are so many. Nine of ten have a unit at work; few are of the highest urgency. */
  async openIncidents(count) {
    const began = this.incidents.length;
    await inParallel(Array.from({ length: count - began }, (_, index) => began + index), async (index) => {
      const hand = this.hand();
      const call = await hand.post('/calls', {
        place: { ...this.place(), address: `${index} Harbour Road` }, category: pick(this.categories), priority: index % 100 === 0 ? 1 : 2 + (index % 3),
        said: 'Two people at a window on the third floor, smoke on the stairs', then: { open: {} },
      });
      this.incidents.push(call.incident);
      const unit = this.units[index];
      if (index % 10 === 9 || !unit) return;
      const { assignments } = await hand.post(`/incidents/${call.incident}/assignments`, { units: [unit.id] });
      for (const step of ['acknowledge', 'depart', 'arrive']) await hand.post(`/assignments/${assignments[0].id}/${step}`);
    });
  }

  /** Opens the few events that most will call about. */
  async openHot() {
    const hot = [];
    for (let index = 0; index < HOT; index += 1) {
      const call = await this.hand().post('/calls', { place: { ...this.place(), address: `${this.called + index} Great Fire Square` }, category: this.categories[0], priority: 1, then: { open: {} } });
      hot.push({ id: call.incident, place: call.place });
    }
    return hot;
  }

  /** Returns the calls of the storm, in their order. */
  storm(hot) {
    const first = this.called;
    this.called += LOAD.seconds * CALLS_PER_S;
    return Array.from({ length: LOAD.seconds * CALLS_PER_S }, (_, index) => {
      const number = first + index;
      const turn = number % CALLS_PER_S;
      const kind = OPENED.has(turn) ? 'opened' : turn === RECORDED ? 'recorded' : 'joined';
      const event = hot[number % HOT];
      const place = kind === 'joined' ? event.place : { ...this.place(), address: marked(number) };
      const body = { place: { lat: place.lat, lon: place.lon, address: place.address }, category: this.categories[0], priority: 1, said: `${marked(number)}: there is fire, come quickly` };
      if (kind === 'opened') body.then = { open: {} };
      if (kind === 'joined') body.then = { join: event.id };
      return { number, kind, event: event.id, body };
    });
  }
}

// ---- the pages

/** Put into every page before it loads: notes what appears, how long keys take, and what held the page up. */
function watch({ mark, counted }) {
  const now = () => performance.timeOrigin + performance.now();
  const frame = (then) =>
    requestAnimationFrame(() => {
      // A message comes after the frame was made.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => then();
      port2.postMessage(null);
    });
  const bench = { seen: {}, counts: [], echoes: [], presented: [], long: [], reset: 0 };
  window.bench = bench;
  const pattern = new RegExp(mark, 'g');
  let fresh = [];
  const look = (text, at) => {
    if (!text || !text.includes('Bench ')) return;
    for (const [, number] of text.matchAll(pattern)) {
      if (bench.seen[number]) continue;
      bench.seen[number] = [at, null];
      if (fresh.push(number) === 1) {
        frame(() => {
          for (const each of fresh) bench.seen[each][1] = now();
          fresh = [];
        });
      }
    }
  };
  let count = -1;
  const observer = new MutationObserver((changes) => {
    const at = now();
    for (const change of changes) {
      if (change.type === 'characterData') look(change.target.data, at);
      for (const node of change.addedNodes) look(node.textContent, at);
    }
    if (counted === null) return;
    const found = document.querySelector(counted)?.firstChild;
    const value = found ? Number.parseInt(found.data ?? found.textContent, 10) : Number.NaN;
    if (value > count) {
      const step = [value, at, null];
      bench.counts.push(step);
      frame(() => (step[2] = now()));
      count = value;
    }
  });
  observer.observe(document, { subtree: true, childList: true, characterData: true });
  addEventListener('keydown', (event) => {
    const began = event.timeStamp;
    frame(() => bench.echoes.push(performance.now() - began));
  }, { capture: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === 'keydown') bench.presented.push(entry.duration);
  }).observe({ type: 'event', durationThreshold: 16 });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) bench.long.push([entry.startTime, entry.duration]);
  }).observe({ type: 'longtask' });
}

/** Opens one page in a context of its own, signed in as somebody. */
async function openConsole(browser, house, client, { name, to, counted = null, width = 1440, height = 900, without_map = false }) {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width, height } });
  await house.signIn(context, client);
  if (without_map) await context.route(/\/MapView/, (route) => route.abort());
  if (dist) await context.route((url) => !/^\/api\/|MapView/.test(url.pathname) || (!without_map && url.pathname.includes('MapView')), fromDist);
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.addInitScript(watch, { mark: MARK.source, counted });
  await page.goto(`${house.url}${to}`);
  const cdp = await context.newCDPSession(page);
  // Its own time on a processor, which others that keep the machine busy do not lengthen.
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  return { name, page, cdp, errors, close: () => context.close() };
}

function fromDist(route) {
  const { pathname } = new URL(route.request().url());
  return route.fulfill({ path: path.join(dist, pathname.includes('.') ? path.normalize(pathname) : 'index.html') });
}

/** Turns an answer of the API into a bare page that follows the stream, writes down each call, and has one field. */
function bare() {
  document.body.innerHTML = '<textarea rows="4" cols="60"></textarea><ul></ul>';
  const list = document.querySelector('ul');
  new EventSource('/api/v1/stream').addEventListener('record', ({ data }) => {
    const found = /Bench \d+ end/.exec(data);
    if (found) list.append(Object.assign(document.createElement('li'), { textContent: found[0] }));
  });
  document.querySelector('textarea').focus();
}

/** Types until told to stop; returns how many keys. */
async function type({ page }, { every_ms, text, clear }, going) {
  let keys = 0;
  for (let due = performance.now(); going(); due += every_ms) {
    await pause(due - performance.now());
    const sign = text[keys % text.length];
    await page.keyboard.press(sign === ' ' ? 'Space' : sign);
    keys += 1;
    if (keys % KEYS_TO_LINE_END === 0) await clear();
    due = Math.max(due, performance.now() - every_ms);
  }
  return keys;
}

const emptied = async (page) => {
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
};

/** Returns what one page has cost since it was opened, in seconds of its main thread, and its memory. */
async function costs({ cdp }) {
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (name) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return { task_s: of('TaskDuration'), script_s: of('ScriptDuration'), style_s: of('RecalcStyleDuration') + of('LayoutDuration'), heap_mb: of('JSHeapUsedSize') / 1e6, at: performance.now() };
}

async function heapMb({ cdp }) {
  await cdp.send('HeapProfiler.enable');
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  return usedSize / 1e6;
}

/** Opens dispatch in a browser that has nothing of it yet; returns the bytes that came and when the list could be used. */
async function firstLoad(browser, house, client) {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 900 } });
  await house.signIn(context, client);
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  const urls = new Map();
  const came = [];
  cdp.on('Network.responseReceived', ({ requestId, response }) => urls.set(requestId, response.url));
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => came.push([urls.get(requestId) ?? '', encodedDataLength]));
  await page.goto(`${house.url}/dispatch`, { waitUntil: 'commit' });
  await page.waitForFunction(() => {
    if (document.querySelectorAll('section.incidents ul li button').length < 20) return false;
    window.usable_ms ??= performance.now();
    return true;
  }, undefined, { polling: 'raf' });
  const usable_ms = await page.evaluate(() => window.usable_ms);
  await pause(quick ? 1_000 : 4_000);
  await context.close();
  const sum = (matches) => came.filter(([url]) => matches(new URL(url, house.url).pathname)).reduce((all, [, bytes]) => all + bytes, 0) / 1e3;
  const map = (name) => /maplibre|MapView|\/map\//.test(name);
  return {
    usable_ms,
    program_kb: sum((name) => !name.startsWith('/api/') && !map(name) && !name.endsWith('.woff2')),
    letters_kb: sum((name) => name.endsWith('.woff2')),
    map_kb: sum((name) => !name.startsWith('/api/') && map(name)),
    board_kb: sum((name) => name === '/api/v1/board'),
    map_data_kb: sum((name) => name.startsWith('/api/v1/') && name !== '/api/v1/board'),
  };
}

// ---- figures

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? null;
function spread(values) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  return { n: sorted.length, p50: at(sorted, 0.5), p90: at(sorted, 0.9), p99: at(sorted, 0.99), max: sorted.at(-1) ?? null };
}

class Report {
  rows = [];
  reached = true;
  add(figure, value, floor = null) {
    const verdict = floor === null || quick ? '' : value !== null && value <= floor ? 'reached' : 'FAIL';
    if (verdict === 'FAIL') this.reached = false;
    this.rows.push({ figure, value, floor, verdict });
  }
  spread(what, values, { unit = 'ms', floor = null, lost = null } = {}) {
    const { n, p50, p90, p99, max } = spread(values);
    this.add(`${what}, p50 ${unit}`, p50);
    this.add(`the same, p90 ${unit}`, p90);
    this.add(`the same, p99 ${unit}`, p99, floor);
    this.add(`the same, longest ${unit}`, max);
    if (lost !== null) this.add(`the same, lost of ${n + lost}`, lost, 0);
  }
  print() {
    if (json) return console.log(JSON.stringify({ quick, figures: this.rows }, null, 2));
    const text = (value) => (value === null ? '–' : Math.abs(value) >= 100 || Number.isInteger(value) ? Math.round(value).toLocaleString('en') : value.toPrecision(3));
    console.log('| figure | value | floor | |\n|---|--:|--:|---|');
    for (const { figure, value, floor, verdict } of this.rows) {
      const word = verdict === 'FAIL' ? '**FAIL**' : verdict;
      console.log(`| ${figure} | ${text(value)} | ${floor === null ? '' : `≤ ${floor.toLocaleString('en')}`} | ${word} |`);
    }
  }
}

const say = (text) => console.error(`${new Date().toISOString().slice(11, 19)} ${text} (load ${loadavg()[0].toFixed(1)})`);

/** Starts a process of load-worker.mjs and waits until it is ready. */
async function worker(given) {
  const child = fork(fileURLToPath(new URL('load-worker.mjs', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const told = (name) =>
    new Promise((done, failed) => {
      const hear = (message) => {
        if (!(name in message)) return;
        child.off('message', hear);
        done(message);
      };
      child.on('message', hear);
      child.once('exit', (code) => failed(new Error(`a process of the load ended (${code})`)));
    });
  const ready = told('ready');
  child.send(given);
  await ready;
  return {
    tell: (message) => child.send(message),
    ask: (message, name) => {
      const answer = told(name);
      child.send(message);
      return answer;
    },
    end: () => child.disconnect(),
  };
}

/** Adds how soon calls were on one screen: counted from the durable answer to whoever took them, and from the request. */
function addScreen(report, what, took, shown, held) {
  const found = took.filter(([number]) => shown.has(number));
  const floor = held ? FLOORS.screen_ms : null;
  const since = (from, to) => found.map((call) => (shown.get(call[0])[to] === null ? null : Math.max(0, shown.get(call[0])[to] - call[from])));
  const [DUE, ANSWERED, DOM, FRAME] = [1, 2, 0, 1];
  report.spread(`${what}: durable answer to DOM`, since(ANSWERED, DOM), { floor, lost: took.length - found.length });
  const [framed, asked] = [spread(since(ANSWERED, FRAME)), spread(since(DUE, DOM))];
  report.add('the same to a frame with it, p50 ms', framed.p50);
  report.add('the same to a frame with it, p99 ms', framed.p99, floor);
  report.add('the same from the request to DOM, p50 ms', asked.p50);
  report.add('the same from the request to DOM, p99 ms', asked.p99);
}

/** Which share of keys the browser itself says was painted too late, in percent: with everything that comes after the page. */
const lateShare = (presented, keys) => (keys === 0 ? null : (100 * presented.filter((ms) => ms > FLOORS.echo_ms).length) / keys);

/** Adds how long keys took until the page had made a frame with it. */
function addEcho(report, what, keys, { echoes, presented }, floor) {
  const page = spread(echoes);
  report.add(`${what}: key to a frame with it, p50 ms`, page.p50);
  report.add('the same, p99 ms', page.p99, floor);
  report.add('the same, longest ms', page.max);
  report.add(`the same, lost of ${keys}`, Math.max(0, keys - page.n));
  report.add('keys painted later than 50 ms by the browser, %', lateShare(presented, page.n));
  return page;
}

/** Which call each count of a counter stands for: the n-th that was answered. */
function shownByCount(counts, base, took) {
  const shown = new Map();
  const order = [...took].sort((a, b) => a[2] - b[2]);
  let step = 0;
  order.forEach(([number], index) => {
    while (step < counts.length && counts[step][0] < base + index + 1) step += 1;
    if (step < counts.length) shown.set(number, [counts[step][1], counts[step][2]]);
  });
  return shown;
}

async function main() {
  if (skip_house) throw new Error(skip_house);
  const folder = mkdtempSync(path.join(tmpdir(), 'watchfire-consoles-'));
  const report = new Report();
  const ends = [];
  try {
    const house = await openCity(folder);
    ends.push(() => house.close());
    await measure(house, report, ends);
  } finally {
    for (const end of ends.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  }
  say('the end');
  report.print();
  process.exitCode = report.reached ? 0 : 1;
}

/** The consoles that are really drawn, one after another: all drawing of a browser goes through one process, and on a
    computer without a graphics card that process is what they would wait for, and not for each other's work. Two are
    there again without their map, which tells what its drawing costs. */
const SCENES = [
  { name: 'dispatch', to: '/dispatch' },
  { name: 'dispatch, map not drawn', to: '/dispatch', without_map: true },
  { name: 'call taking', to: '/take', counted: `section[aria-label="${strings['take.waiting']}"] .count` },
  { name: 'call taking, map not drawn', to: '/take', counted: `section[aria-label="${strings['take.waiting']}"] .count`, without_map: true },
  { name: 'wall', to: '/wall', counted: '.figures dl > div:nth-child(4) dd', width: 1920, height: 1080 },
].filter(({ name }) => only === undefined || only.includes(name));
const SMOKE = 'heavy smoke from a second floor window, two people at the window, ';

async function measure(house, report, ends) {
  const desk = await house.program('dispatcher');
  const hands = [];
  for (let number = 0; number < HANDS; number += 1) hands.push(await house.program('duty_officer', { login: `hand-${number}` }));
  const reader = await house.program('dispatcher', { login: 'readers' });
  const person = await house.person({ login: 'dispatch', seats: ['call_taker', 'dispatcher', 'duty_officer', 'analyst'] });
  const filling = new Filling(hands, await desk.get('/node'));
  const browser = await launch();
  ends.push(() => browser.close());

  await filling.enterUnits(LOAD.first_units);
  await filling.openIncidents(LOAD.first_incidents);
  say('first load, of an agency like the demo');
  const loads = [];
  for (let round = 0; round < 3; round += 1) loads.push(await firstLoad(browser, house, person));
  say(`filling: ${LOAD.units} units, ${LOAD.incidents} incidents`);
  await filling.enterUnits(LOAD.units);
  await filling.openIncidents(LOAD.incidents);

  const port = Number(new URL(house.api).port);
  const sender = await worker({ role: 'send', port, headers: desk.headers, units: filling.units, round_ms: ROUND_MS });
  ends.push(() => sender.end());
  sender.tell({ ask: 'move' });
  await pause(quick ? 1_000 : ROUND_MS + 1_000);
  say('first load, of ten thousand units that move');
  const large = await firstLoad(browser, house, person);
  addLoads(report, loads, large);
  const readers = await worker({ role: 'read', port, headers: reader.headers, readers: LOAD.readers });
  ends.push(() => readers.end());
  const bare_page = await openConsole(browser, house, person, { name: 'bare', to: '/api/v1/node' });
  await bare_page.page.evaluate(bare);

  const took = [];
  for (const scene of SCENES) {
    const own = await launch();
    const page = await openScene(own, house, person, scene);
    took.push(...(await storm({ scene, page, bare_page, filling, sender, report })));
    await own.close();
  }
  const { seen, bytes, seconds } = await readers.ask({ ask: 'seen' }, 'seen');
  report.spread('**all storms**: a call that is durable over HTTP', took.map(([, due, answered]) => answered - due));
  const due = new Map(took);
  const light = seen.flatMap((known) => known.filter(([number]) => due.has(number)).map(([number, when]) => when - due.get(number)));
  report.spread(`${LOAD.readers} light readers: request to socket`, light, { floor: FLOORS.screen_ms, lost: took.length * LOAD.readers - light.length });
  report.add('what one reader was sent, kB/s', bytes / LOAD.readers / seconds / 1e3);
}

/** Opens the page of a scene and brings it to where somebody works. */
async function openScene(browser, house, person, scene) {
  const console_page = await openConsole(browser, house, person, scene);
  const { page } = console_page;
  await page.locator('.line.live').waitFor({ timeout: 120_000 });
  return console_page;
}

/** Opens the few events that most will call about, lets the storm go over one page, and adds what was seen of it. */
async function storm({ scene, page: mine, bare_page, filling, sender, report }) {
  const { page } = mine;
  const hot = await filling.openHot();
  const calls = filling.storm(hot);
  const pages = [mine, bare_page];
  if (scene.to === '/dispatch') await page.locator('section.incidents button', { hasText: hot[0].place.address }).click({ timeout: 60_000 });
  if (scene.to === '/take') await page.keyboard.press('F2');
  await pause(quick ? 3_000 : REST_MS);
  if (scene.to === '/dispatch') await page.keyboard.press('/');

  say(`${scene.name}: the storm, ${calls.length} calls in ${LOAD.seconds} s, ${LOAD.readers} readers`);
  const base = await page.evaluate(() => window.bench.counts.at(-1)?.[0] ?? 0);
  for (const each of pages) await each.page.evaluate(() => Object.assign(window.bench, { echoes: [], presented: [], long: [] }));
  const before = await costs(mine);
  const profiled = process.env.PROFILE === scene.name;
  if (profiled) {
    await mine.cdp.send('Profiler.enable');
    await mine.cdp.send('Profiler.setSamplingInterval', { interval: 500 });
    await mine.cdp.send('Profiler.start');
  }
  let over = false;
  const going = () => !over;
  const clear = () => emptied(page);
  const typing = Promise.all([
    scene.to === '/take' ? type(mine, { every_ms: KEY_MS, text: SMOKE, clear }, going) : 0,
    scene.to === '/dispatch' ? type(mine, { every_ms: KEY_BESIDE_MS, text: 'note 17 smoke on the third floor ', clear }, going) : 0,
    type(bare_page, { every_ms: KEY_BESIDE_MS, text: SMOKE, clear: () => emptied(bare_page.page) }, going),
  ]);
  const { took } = await sender.ask({ ask: 'calls', calls, per_s: CALLS_PER_S }, 'took');
  over = true;
  const keys = await typing;
  const after = await costs(mine);
  if (profiled) writeFileSync('console.cpuprofile', JSON.stringify((await mine.cdp.send('Profiler.stop')).profile));
  await pause(PATIENCE_MS);
  const [noted, noted_bare] = await Promise.all(pages.map((each) => each.page.evaluate(() => window.bench)));
  addStorm(report, { scene, took, calls, hot, base, keys, noted, noted_bare, before, after, memory: await heapMb(mine) });
  if (mine.errors.length > 0) throw new Error(`${scene.name}: ${mine.errors.join('; ')}`);
  return took;
}

function addStorm(report, { scene, took, calls, hot, base, keys, noted, noted_bare, before, after, memory }) {
  const { name } = scene;
  const of = new Map(calls.map((call) => [call.number, call]));
  const kind = (wanted) => took.filter(([number]) => of.get(number).kind === wanted);
  const shown = ({ seen }) => new Map(Object.entries(seen).map(([number, when]) => [Number(number), when]));
  // Without its map a page is not what people have; those figures only tell where the time goes.
  const held = scene.without_map !== true;
  if (scene.to === '/dispatch') {
    addScreen(report, `**${name}**, an incident in the list`, kind('opened'), shown(noted), held);
    addScreen(report, `**${name}**, a call joined to the selected incident`, kind('joined').filter(([number]) => of.get(number).event === hot[0].id), shown(noted), held);
  } else {
    const counted = scene.to === '/take' ? kind('recorded') : took;
    addScreen(report, `**${name}**, ${scene.to === '/take' ? 'a call that waits' : 'a call in its figure'}`, counted, shownByCount(noted.counts, base, counted), held);
  }
  const least = addBare(report, took, shown(noted_bare), noted_bare);
  const typed = keys[0] + keys[1];
  if (typed > 0) {
    const echo = addEcho(report, `**${name}**, ${scene.to === '/take' ? 'what was said' : 'the action line'}`, typed, noted, held ? FLOORS.echo_ms : null);
    report.add('its p99 against the bare page (1 = as fast)', echo.p99 / least.p99);
  }
  const long = noted.long.map(([, ms]) => ms);
  const seconds = (after.at - before.at) / 1_000;
  const share = (what) => ((after[what] - before[what]) / seconds) * 100;
  report.add(`**${name}**: its main thread, % of one processor`, share('task_s'));
  report.add('of it script, %', share('script_s'));
  report.add('of it style and layout, %', share('style_s'));
  report.add('tasks over 50 ms', long.length);
  report.add('the longest task, ms', Math.max(0, ...long));
  report.add('JavaScript memory after it, MB', memory);
}

/** Adds what a page that does nothing needed in the same minute. */
function addBare(report, took, shown, { echoes, presented }) {
  const screen = spread(took.filter(([number]) => shown.has(number)).map(([number, , answered]) => Math.max(0, shown.get(number)[0] - answered)));
  const echo = spread(echoes);
  report.add('a bare page meanwhile: durable answer to DOM, p50 ms', screen.p50);
  report.add('the same, p99 ms', screen.p99);
  report.add('a bare page meanwhile: key to a frame with it, p50 ms', echo.p50);
  report.add('the same, p99 ms', echo.p99);
  report.add('a bare page meanwhile: keys painted later than 50 ms by the browser, %', lateShare(presented, echo.n));
  return echo;
}

function addLoads(report, loads, large) {
  const middle = (name) => spread(loads.map((load) => load[name])).p50;
  report.add(`**first load**, ${LOAD.first_units} units, ${LOAD.first_incidents} incidents: list usable after, ms`, middle('usable_ms'), FLOORS.usable_ms);
  report.add('program and styles without the map library, kB over the wire', middle('program_kb'), FLOORS.bytes_kb);
  report.add('letters (woff2), kB', middle('letters_kb'));
  report.add('map library, kB', middle('map_kb'));
  report.add('board, kB', middle('board_kb'));
  report.add('other answers (roads, ground), kB', middle('map_data_kb'));
  report.add(`first load, ${LOAD.units} units that move, ${LOAD.incidents} incidents: list usable after, ms`, large.usable_ms);
  report.add('its board, kB', large.board_kb);
}

await main();
