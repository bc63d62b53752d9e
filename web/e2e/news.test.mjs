// Stories of bad news: a line that is cut, a node that lost its power, changes held back on the way, an action that is not yet
// durable, a list that is empty or not loaded. None of these is ever silent. They have a node of their own.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, afterEach, before, test } from 'node:test';
import { launch, openLine } from './browser.mjs';
import { openHouse, skip_house as skip } from './house.mjs';
import { access, liveAgain, openSeat, tidy, until } from './seat.mjs';

let browser, house, person, by, unit;
const open = [];

before(async () => {
  if (skip) return;
  house = await openHouse({ name: 'Fushan' });
  person = await house.person({ login: 'dispatcher', name: 'Chen Jing', seats: ['dispatcher', 'duty_officer'] });
  by = await house.program('dispatcher');
  unit = await house.unit({ callsign: 'E1' });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.close();
});
afterEach(async () => {
  if (skip) return;
  for (const each of open.splice(0)) await each.close();
  await tidy(by);
});

async function seat(path = '/dispatch', more = {}) {
  const opened = await openSeat(browser, house, person, path, more);
  open.push(opened);
  return opened.page;
}

const row = (page, street) => page.getByRole('button', { name: new RegExp(street) }).first();
const banner = (page) => page.getByRole('alert').filter({ hasText: /Line to this node is cut|与本节点的连接已中断/ });

test('an empty list says that it is loaded and live, one that is not loaded says that', { skip }, async () => {
  const page = await seat();
  await page.getByText('No open incident. The list is loaded and live.').waitFor();
  const lost = await seat('/dispatch', { live: false, before: (fresh) => fresh.route('**/api/v1/board', (route) => route.abort()) });
  await lost.getByText('Not loaded: this node cannot be reached.').first().waitFor();
  assert.equal(await lost.getByText('No open incident').count(), 0);
  await access(lost, 'not loaded');
});

test('节点断电：横幅、停走的时钟、列表保留；恢复后自动续接，断电时所试的操作只执行一次', { skip }, async () => {
  const fire = await house.incident(by, { address: '胜利路4号', category: 'outside_fire' });
  const page = await seat('/dispatch', { locale: 'zh-CN' });
  await row(page, '胜利路4号').click();
  const send = page.getByRole('button', { name: /^按建议派出/ });
  await send.waitFor();
  const keys = [];
  page.on('request', (asked) => {
    if (asked.method() === 'POST' && asked.url().endsWith('/assignments')) keys.push(asked.headers()['idempotency-key']);
  });
  await house.kill();
  await banner(page).waitFor();
  await page.getByText('最后已知').waitFor();
  const clock = page.getByRole('banner').locator('time');
  const stood = await clock.innerText();
  await row(page, '胜利路4号').waitFor();
  await access(page, 'cut');
  await send.click();
  const strip = page.getByRole('list', { name: '已做的操作' });
  await strip.getByText('请求是否送达未知').waitFor();
  assert.equal(await clock.innerText(), stood, '断线时钟不走');
  await house.start();
  await liveAgain(page);
  await banner(page).waitFor({ state: 'hidden' });
  assert.equal(await page.getByText('最后已知').count(), 0);
  await send.click();
  await until(async () => (await by.get(`/incidents/${fire.id}`)).assignments.length > 0, 'it is sent');
  await strip.getByText(/已派 E1 至/).first().waitFor();
  assert.equal((await by.get(`/incidents/${fire.id}`)).assignments.length, 1);
  assert.equal(new Set(keys).size, 1, `one key for one asking: ${keys.join(' ')}`);
});

test('an answer that was lost on the way is asked for again under its key, and it was done once', { skip }, async () => {
  const fire = await house.incident(by, { address: 'Shengli Road 4', category: 'outside_fire' });
  const page = await seat();
  let lost = 0;
  await page.route('**/incidents/*/assignments', async (route) => {
    if ((lost += 1) > 1) return route.continue();
    // The node does it, and nobody here hears of it.
    await route.fetch();
    await route.abort();
  });
  await row(page, 'Shengli Road 4').click();
  const send = page.getByRole('button', { name: /^Send recommended/ });
  await send.click();
  const strip = page.getByRole('list', { name: 'What was done' });
  await strip.getByText('It is not known whether the request arrived.').waitFor();
  await until(async () => (await by.get(`/incidents/${fire.id}`)).assignments.length === 1, 'the node did it');
  await page.getByRole('region', { name: 'Units on this incident' }).getByRole('button', { name: /^E1/ }).waitFor();
});

test('a line that goes silent is called cut on every seat, and heals by itself', { skip }, async () => {
  await house.incident(by, { address: 'Shengli Road 4' });
  const line = await openLine(house.url);
  const pages = [];
  for (const path of ['/dispatch', '/duty', '/take', '/figures']) pages.push(await seat(path, { url: line.url }));
  line.cut();
  for (const page of pages) await banner(page).waitFor();
  line.heal();
  for (const page of pages) {
    await liveAgain(page);
    await banner(page).waitFor({ state: 'hidden' });
  }
  line.close();
});

test('changes that are held back on the way show as catching up until the node has confirmed that nothing is missing', { skip }, async () => {
  const proxy = await heldLine(house.url);
  const page = await seat('/dispatch', { url: proxy.url });
  proxy.cut();
  await banner(page).waitFor();
  await house.incident(by, { address: 'Shengli Road 4' });
  proxy.holdClock();
  await page.getByRole('status').filter({ hasText: 'changes missed meanwhile are still arriving' }).waitFor();
  await row(page, 'Shengli Road 4').waitFor();
  proxy.release();
  await liveAgain(page);
  await page.getByText('changes missed meanwhile are still arriving').waitFor({ state: 'hidden' });
  proxy.close();
});

test('尚未落盘的操作一直有提示，落盘后才算完成', { skip }, async () => {
  await house.incident(by, { address: '胜利路4号', category: 'outside_fire' });
  const page = await seat('/dispatch', { locale: 'zh-CN' });
  let let_go;
  const held = new Promise((done) => (let_go = done));
  await page.route('**/incidents/*/assignments', async (route) => {
    await held;
    await route.continue();
  });
  await row(page, '胜利路4号').click();
  await page.getByRole('button', { name: /^按建议派出/ }).click();
  await page.getByRole('status').filter({ hasText: /尚未落盘：\s*已派 E1/ }).waitFor();
  assert.equal(await page.getByText('已在本节点落盘').count(), 0);
  let_go();
  await page.getByRole('list', { name: '已做的操作' }).getByText('已在本节点落盘').waitFor();
  await page.getByText('尚未落盘：').waitFor({ state: 'hidden' });
});

/** A way to the node on which the live stream can be cut, or let through without the node's clock, which is what confirms it. */
async function heldLine(to) {
  const target = new URL(to);
  const streams = new Set();
  let mode = 'through';
  const server = http.createServer((asked, answer) => {
    const streamed = asked.url.startsWith('/api/v1/stream');
    if (streamed && mode === 'cut') return answer.destroy();
    const handed = http.request({ host: target.hostname, port: target.port, method: asked.method, path: asked.url, headers: asked.headers }, (told) => {
      answer.writeHead(told.statusCode, told.headers);
      if (!streamed) return told.pipe(answer);
      streams.add(answer);
      let rest = '';
      told.setEncoding('utf8').on('data', (text) => {
        const events = (rest + text).split('\n\n');
        rest = events.pop();
        for (const event of events) if (mode === 'through' || !/^event: ?clock/m.test(event)) answer.write(`${event}\n\n`);
      });
      return told.on('end', () => answer.end()).on('error', () => answer.destroy());
    });
    handed.on('error', () => answer.destroy());
    answer.on('close', () => (handed.destroy(), streams.delete(answer)));
    return asked.pipe(handed);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const restart = (now) => {
    mode = now;
    for (const each of streams) each.destroy();
  };
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut: () => restart('cut'),
    holdClock: () => (mode = 'held'),
    release: () => (mode = 'through'),
    close: () => (server.closeAllConnections(), server.close()),
  };
}
