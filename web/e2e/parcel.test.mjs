// The parcel scenario as three members see it: the county that raised it, the city centre and the airport police, from the
// jeweller's call to the stopped parcel, with the line between city and airport cut in the middle. The crews and officers
// are the program's own, simulated; the nodes, the lines and the screens are real.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { skip_house as skip } from './house.mjs';
import { BOUND_MS, access, openSeat, until } from './seat.mjs';

/** How much faster than its own time the case is played. */
const PACE = 2;

let browser;
let scenario;

before(async () => {
  if (skip) return;
  browser = await launch();
  scenario = await play();
});
after(async () => {
  await browser?.close();
  await scenario?.close();
});

/** Starts the scenario as the README says and waits until it names its five pages. */
async function play() {
  const folder = mkdtempSync(path.join(tmpdir(), 'watchfire-parcel-'));
  const listen = `127.0.0.1:${await portsInARow(22)}`;
  const args = ['demo', '--scenario', 'parcel', '--data', folder, '--listen', listen, '--pace', String(PACE)];
  const child = spawn(process.env.WATCHFIRE_BIN, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, failed] = ['', ''];
  child.stdout.on('data', (text) => (said += text));
  child.stderr.on('data', (text) => (failed += text));
  const ended = new Promise((end) => child.on('exit', end));
  await until(() => said.includes('Ctrl-C ends it.'), 'the five agencies are ready', 4 * BOUND_MS).catch((fault) => {
    child.kill('SIGKILL');
    throw new Error(`${fault.message}\n${failed}`);
  });
  const pages = [...said.matchAll(/^ +(http:\/\/\S+)\/ +(.+)$/gm)].map(([, url, name]) => ({ url, name }));
  return {
    pages,
    said: () => failed,
    async close() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Finds a port whose followers are free as well. */
async function portsInARow(wanted) {
  const free = (port) => new Promise((found) => {
    const server = createServer();
    server.once('error', () => found(false));
    server.listen(port, '127.0.0.1', () => server.close(() => found(true)));
  });
  for (let first = 20_000 + Math.floor(Math.random() * 10_000); ; first += wanted) {
    const all = await Promise.all(Array.from({ length: wanted }, (_, at) => free(first + at)));
    if (all.every(Boolean)) return first;
  }
}

const band = (page) => page.getByRole('region', { name: /^(Lines to members of our operations|与行动成员的线路)$/ });
const healed = (page) => page.getByRole('region', { name: /^(Lines that came back|已恢复的线路)$/ });
const log = (page) => page.getByRole('region', { name: /^(Log|日志|行动日志)$/ });

/** Opens a member's page of the operation as its visitor, once that member knows of it. */
async function screen(name, locale) {
  const node = scenario.pages.find((page) => page.name.includes(name));
  assert.ok(node, `${name} is among ${JSON.stringify(scenario.pages)}`);
  const opened = await openSeat(browser, node, null, '/operations', { locale });
  const { page } = opened;
  const named = page.getByRole('list', { name: /^(Operations|合成作战|行动)$/ }).getByRole('button', { name: /截停涉诈包裹/ });
  await named.click();
  await page.getByRole('heading', { name: /截停涉诈包裹/, level: 2 }).waitFor();
  return opened;
}

test('截停包裹：三个成员的屏幕从报警看到截停，其间一条线路中断而无人停下', { skip, timeout: 12 * BOUND_MS }, async () => {
  assert.equal(scenario.pages.length, 5);
  const [county, city, airport] = await Promise.all([screen('County', 'zh-CN'), screen('City', 'en-US'), screen('Airport', 'zh-CN')]);
  const screens = [county, city, airport];
  const everywhere = (look) => Promise.all(screens.map(({ page }) => look(page)));

  // Everybody sees the county's incident, though it has one home only.
  await everywhere((page) => page.getByRole('article', { name: /^县局 County branch #1$/ }).waitFor());
  // The line is cut: both ends say so, and the county, whose lines stand, does not.
  await Promise.all([
    band(city.page).getByText(/⊘ 机场公安 Airport police cannot be reached since/).waitFor(),
    band(airport.page).getByText(/⊘ 市中心 City centre 自 [\d:]+ 起失联/).waitFor(),
  ]);
  assert.equal(await band(county.page).count(), 0, 'the county reaches everybody');
  // What the city says then reaches the airport all the same, through the others.
  await log(airport.page).getByText('棕色小箱').waitFor();
  await access(airport.page, 'the airport while its line to the city is cut');

  // The dog team goes; found and stopped; the city reads it though the line is still cut, or is back by then.
  await everywhere((page) => log(page).getByText('包裹已截停').waitFor({ timeout: 3 * BOUND_MS }));
  // The line is mended: one summary, and no band.
  await Promise.all([city, airport].map(({ page }) => band(page).waitFor({ state: 'hidden' })));
  await healed(city.page).waitFor();
  await healed(airport.page).waitFor();
  await everywhere((page) => log(page).getByText(/达成：在登机前截停包裹|reached: 在登机前截停包裹/).waitFor());
  for (const [{ page }, where] of [[county, 'county'], [city, 'city'], [airport, 'airport']]) await access(page, `told: ${where}`);
  for (const { errors } of screens) assert.deepEqual(errors, []);
  assert.doesNotMatch(scenario.said(), /the story stopped/);

  for (const { close } of screens) await close();
});
