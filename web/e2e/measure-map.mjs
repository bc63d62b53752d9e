// Measures how smoothly the map moves with ten thousand units, each moving every five seconds:
// `WATCHFIRE_URL=http://127.0.0.1:8440 node e2e/measure-map.mjs`. It stands between the browser and a
// running node: the page, the roads and the session are the node's, the board and the stream are made
// here, the same on every run. Prints one line of JSON for each situation: frames per second, the longest
// time between two frames, the longest task of the page, and what the page and the drawing cost in
// processor time, which also says something on a machine that is busy with other things. `UNITS=1` gives what
// the page costs by itself: without a graphics card that alone may keep it from being smooth.
import http from 'node:http';
import { loadavg } from 'node:os';
import { launch, node_url } from './browser.mjs';

const UNITS = Number(process.env.UNITS ?? 10_000);
/** Every unit has a new fix once in this time, in ms. */
const ROUND_MS = 5_000;
/** How often a batch of fixes is sent, in ms. */
const BATCH_MS = 250;
/** How long each situation is measured, in ms. */
const MEASURED_MS = Number(process.env.MEASURED_MS ?? 10_000);
const FPS_WANTED = 30;

if (!node_url) throw new Error('set WATCHFIRE_URL to a running node (a demo is enough)');

/** A random number from 0 to 1 that is the same on every run. */
let seed = 1;
function random() {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}

const info = await (await fetch(new URL('/api/v1/node', node_url))).json();
const bounds = info.roads.bounds ?? { west: -122.51, south: 37.71, east: -122.36, north: 37.82 };
const STATUSES = ['available', 'available', 'available', 'en_route', 'en_route', 'on_scene', 'assigned', 'off_duty'];
const moving = Array.from({ length: UNITS }, (_, index) => ({
  id: `u${index}`,
  status: STATUSES[index % STATUSES.length],
  // The sum of two lies rather in the middle, as a city does.
  lat: bounds.south + ((random() + random()) / 2) * (bounds.north - bounds.south),
  lon: bounds.west + ((random() + random()) / 2) * (bounds.east - bounds.west),
  heading: Math.floor(random() * 360),
}));
const began_ms = Date.now();

function board() {
  const at = new Date().toISOString();
  const units = moving.map(({ id, status, lat, lon, heading }, index) => ({
    id, version: 1, callsign: `E${index}`, kind: 'engine', capabilities: [], station: null, crew: 4, status, status_since: at,
    assignment: null, reason: null, rest_until: null, position: { lat, lon, heading_deg: heading, at },
  }));
  const incidents = moving.slice(0, 200).map(({ lat, lon }, index) => ({
    id: `i${index}`, version: 1, number: index + 1, status: ['active', 'assigned', 'en_route', 'on_scene'][index % 4], category: 'fire',
    priority: 1 + (index % 4), alarm_level: 1, place: { lat, lon, address: `${index} Test Street`, area: null }, opened_at: at,
    closed_at: null, disposition: null, calls: [], assignments: [], merged_into: null, split_from: null, links: [], notes: 0,
  }));
  return { cursor: '0', calls: [], assignments: [], stations: [], incidents, units };
}

/** Sends a part of the units one step on with every beat, and the clock. */
function stream(answer) {
  answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = (event, body) => answer.write(`event: ${event}\ndata: ${JSON.stringify(body)}\n\n`);
  const clock = () => send('clock', { now: new Date().toISOString(), speed: 1, behind_s: null });
  clock();
  let next = 0;
  const ticking = setInterval(clock, 1_000);
  const beat = setInterval(() => {
    const count = Math.ceil((UNITS * BATCH_MS) / ROUND_MS);
    const positions = [];
    for (let n = 0; n < count; n += 1, next = (next + 1) % UNITS) {
      const unit = moving[next];
      unit.heading = (unit.heading + Math.floor(random() * 40) - 20 + 360) % 360;
      unit.lat += Math.cos((unit.heading * Math.PI) / 180) * 0.0006;
      unit.lon += Math.sin((unit.heading * Math.PI) / 180) * 0.0007;
      positions.push([unit.id, unit.lat, unit.lon, unit.heading, Date.now()]);
    }
    send('positions', { at: Date.now(), positions });
  }, BATCH_MS);
  answer.on('close', () => {
    clearInterval(ticking);
    clearInterval(beat);
  });
}

const node = new URL(node_url);
const server = http.createServer((asked, answer) => {
  if (asked.url === '/api/v1/board') {
    answer.writeHead(200, { 'content-type': 'application/json' });
    return answer.end(JSON.stringify(board()));
  }
  if (asked.url.startsWith('/api/v1/stream')) return stream(answer);
  const passed = http.request(
    { hostname: node.hostname, port: node.port || 80, path: asked.url, method: asked.method, headers: { ...asked.headers, host: node.host } },
    (given) => {
      answer.writeHead(given.statusCode, given.headers);
      given.pipe(answer);
    },
  );
  passed.on('error', () => answer.destroy());
  asked.pipe(passed);
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));

const browser = await launch();
const processes = await browser.newBrowserCDPSession();

/** Returns the processor time that pages and drawing have used so far, in ms. */
async function used_ms() {
  const { processInfo } = await processes.send('SystemInfo.getProcessInfo');
  const of = (type) => processInfo.filter((each) => each.type === type).reduce((sum, each) => sum + each.cpuTime * 1_000, 0);
  return { page: of('renderer'), drawing: of('GPU') };
}

const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}/dispatch`);
await page.locator('canvas.maplibregl-canvas').waitFor({ timeout: 60_000 });
await page.locator('section.units li button').first().waitFor({ timeout: 60_000 });
await page.waitForTimeout(8_000);

/** Measures frames and tasks of the page while `during` goes on. */
async function measure(situation, during = () => Promise.resolve()) {
  const before = await used_ms();
  const measuring = page.evaluate(
    (time_ms) =>
      new Promise((done) => {
        const gaps = [];
        const tasks = [];
        const watch = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)));
        watch.observe({ entryTypes: ['longtask'] });
        const begun = performance.now();
        let before = begun;
        const frame = (now) => {
          gaps.push(now - before);
          before = now;
          if (now - begun < time_ms) return requestAnimationFrame(frame);
          watch.disconnect();
          gaps.sort((a, b) => a - b);
          done({
            frames: gaps.length,
            frames_per_s: Math.round((gaps.length / (now - begun)) * 10_000) / 10,
            frame_p95_ms: Math.round(gaps[Math.floor(gaps.length * 0.95)]),
            frame_longest_ms: Math.round(gaps.at(-1)),
            tasks_over_50_ms: tasks.length,
            task_longest_ms: Math.round(Math.max(0, ...tasks)),
          });
        };
        requestAnimationFrame(frame);
      }),
    MEASURED_MS,
  );
  let going = true;
  const doing = (async () => {
    while (going) if ((await during()) === undefined) break;
  })();
  const measured = await measuring;
  const after = await used_ms();
  going = false;
  await doing;
  const cost = (name) => Math.round(((after[name] - before[name]) / measured.frames) * 10) / 10;
  console.log(JSON.stringify({
    situation, units: UNITS, ...measured, page_cpu_ms_per_frame: cost('page'), drawing_cpu_ms_per_frame: cost('drawing'),
    machine_load: Math.round(loadavg()[0] * 10) / 10, smooth: measured.frames_per_s >= FPS_WANTED,
  }));
}

const box = await page.locator('canvas.maplibregl-canvas').boundingBox();
const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
/** Drags the map there and back again. */
async function drag() {
  await page.mouse.move(middle.x, middle.y);
  await page.mouse.down();
  for (const by of [60, 120, 60, 0, -60, -120, -60, 0]) await page.mouse.move(middle.x + by, middle.y + by / 2, { steps: 4 });
  await page.mouse.up();
  return true;
}
async function zoomIn(times) {
  for (let time = 0; time < times; time += 1) {
    await page.locator('.maplibregl-ctrl-zoom-in').click();
    await page.waitForTimeout(700);
  }
  await page.waitForTimeout(2_000);
}
async function group(on) {
  await page.getByRole('button', { name: 'Map layers' }).click();
  await page.getByRole('checkbox', { name: 'Group crowded marks' }).setChecked(on);
  await page.keyboard.press('Escape');
  await page.waitForTimeout(2_000);
}

await measure('city, crowds grouped, map at rest');
await measure('city, crowds grouped, map dragged', drag);
if (process.env.PICTURE) await page.screenshot({ path: `${process.env.PICTURE}-grouped.png` });
await group(false);
await measure('city, every unit drawn, map at rest');
await measure('city, every unit drawn, map dragged', drag);
if (process.env.PICTURE) await page.screenshot({ path: `${process.env.PICTURE}-all.png` });
await group(true);
await zoomIn(3);
await measure('quarter, crowds grouped, map at rest');
await measure('quarter, crowds grouped, map dragged', drag);
if (process.env.PICTURE) await page.screenshot({ path: `${process.env.PICTURE}-near.png` });
console.log(JSON.stringify({ took_s: Math.round((Date.now() - began_ms) / 1000) }));
await browser.close();
server.closeAllConnections();
server.close();
