// Stories of what is written down: the page of one incident, on the screen, on paper and by its number long after, and the
// after-action board that shows any minute as it was. The first have a node of their own; the replay is the demo's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, node_url, skip as skip_demo } from './browser.mjs';
import { openFront, openHouse, skip_house as skip } from './house.mjs';
import { access, openSeat, until } from './seat.mjs';

let browser, house, person, by, unit, fire, number;

before(async () => {
  browser = skip && skip_demo ? null : await launch();
  if (skip) return;
  house = await openHouse({ name: 'Fushan', settings: { timers: { unassigned_s: [3600, 3600, 3600, 3600] } } });
  person = await house.person({ login: 'dispatcher', name: 'Chen Jing', seats: ['dispatcher'] });
  by = await house.program('dispatcher', { login: 'Li Lei' });
  unit = await house.unit({ callsign: 'E1' });
  fire = await house.incident(by, { address: 'Shengli Road 4', category: 'outside_fire', said: 'the hedge is on fire', caller: 'Zhou Yan' });
  number = (await by.get(`/incidents/${fire.id}`)).number;
  const [sent] = await house.send(by, fire.id, [unit.id]);
  await by.post(`/assignments/${sent.id}/acknowledge`);
  // The crew says that it left a minute before this is written down: two times that the page must not mix up.
  await by.post(`/assignments/${sent.id}/depart`, { happened_at: new Date(Date.now() - 60_000).toISOString() });
  await by.post(`/assignments/${sent.id}/arrive`);
  for (let at = 1; at <= 60; at += 1) await by.post(`/incidents/${fire.id}/notes`, { text: `note ${at}: the wind turns` });
  await by.post(`/assignments/${sent.id}/clear`);
  await by.post(`/incidents/${fire.id}/close`, { disposition: 'fire out' });
});
after(async () => {
  await browser?.close();
  await house?.close();
});

test('the page of an incident has everything in order, with when it happened and when the node received it, and who', { skip }, async () => {
  const { page, close } = await openSeat(browser, house, person, `/incident/${fire.id}`);
  await page.getByRole('heading', { name: /Outside fire #\d+/ }).waitFor();
  const all = page.getByRole('region', { name: 'Everything that happened', exact: true }).first();
  const table = all.getByRole('table');
  assert.deepEqual(await table.getByRole('columnheader').allInnerTexts(), ['Happened', 'Received', 'What', 'Who', 'Entry']);
  const { entries } = await by.get(`/incidents/${fire.id}/entries`);
  await until(async () => (await table.getByRole('row').count()) - 1 >= entries.length, 'every entry is a row');
  const rows = await table.locator('tbody tr').evaluateAll((list) => list.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));
  const seqs = rows.map((cells) => Number(cells[4].replace(/\D/g, '')));
  assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b), 'in the order of the log');
  for (const cells of rows) assert.match(`${cells[0]} ${cells[1]}`, /^\d\d:\d\d:\d\d \d\d:\d\d:\d\d$/);
  const apart = rows.filter((cells) => cells[0] !== cells[1]);
  assert.ok(apart.some((cells) => /departed|left/i.test(cells[2])), `what was said to have happened earlier: ${apart.join(' / ')}`);
  assert.ok(rows.every((cells) => cells[3] !== ''), 'everybody has a name');
  assert.ok(rows.some((cells) => cells[3].includes('Li Lei')));
  const units = page.getByRole('region', { name: 'Units', exact: true }).first().getByRole('row').filter({ hasText: 'E1' });
  assert.match(await units.innerText(), /E1[\s\S]*cleared[\s\S]*\d\d:\d\d:\d\d/);
  await page.getByText('the hedge is on fire').first().waitFor();
  await page.getByText('note 60: the wind turns').waitFor();
  await access(page, 'record');
  await close();
});

test('打印：整页内容、没有按钮，长记录分页而不截断', { skip }, async () => {
  const { page, close } = await openSeat(browser, house, person, `/incident/${fire.id}`, { locale: 'zh-CN', theme: 'dark' });
  await page.getByText('全部经过', { exact: false }).first().waitFor();
  await page.getByText('note 60: the wind turns').waitFor();
  await page.emulateMedia({ media: 'print' });
  for (const button of await page.getByRole('button').all()) assert.ok(!(await button.isVisible()), `is printed: ${await button.innerText()}`);
  assert.equal(await page.getByRole('navigation', { name: '席位' }).isVisible(), false);
  const last = page.locator('tbody tr').last();
  const { bottom, height, ground, ink } = await last.evaluate((row) => ({
    bottom: row.getBoundingClientRect().bottom + window.scrollY,
    height: document.documentElement.scrollHeight,
    ground: getComputedStyle(document.body).backgroundColor,
    ink: getComputedStyle(row).color,
  }));
  assert.ok(bottom <= height && height > 900, `the last row ends at ${bottom} of ${height}`);
  const light = (colour) => colour.match(/[\d.]+/g).slice(0, 3).reduce((sum, each) => sum + Number(each), 0) / 765;
  assert.ok(light(ink) < 0.4, `dark letters on paper, also where the screen is dark: ${ink} on ${ground}`);
  const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
  const sheets = (pdf.match(/\/Type\s*\/Page\b/g) ?? []).length;
  assert.ok(sheets >= 2, `${sheets} sheets for ${await page.locator('tbody tr').count()} rows`);
  await close();
});

test('an incident of long ago is found by its number, and one that never was is said to be none', { skip }, async () => {
  const { page, close } = await openSeat(browser, house, person, '/incident');
  await page.getByLabel('Incident number').fill('99999');
  await page.getByRole('button', { name: 'Open the record' }).click();
  await page.getByRole('alert').filter({ hasText: 'This node has no incident of that number.' }).waitFor();
  await page.getByLabel('Incident number').fill(`#${number}`);
  await page.getByRole('button', { name: 'Open the record' }).click();
  await page.waitForURL((url) => url.pathname === `/incident/${fire.id}`);
  await page.getByText('the hedge is on fire').first().waitFor();
  await close();
});

/** The demo's node, asked as its visitor. */
async function demo(path) {
  const answer = await fetch(`${node_url}/api/v1${path}`);
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

test('复盘：立警之前没有该警情，之后以当时的状态出现；全程可用键盘', { skip: skip_demo }, async () => {
  const MINUTE_MS = 60_000;
  // Of the demo's night: an incident to which a unit was sent at least a minute ago by the demo's clock.
  const { incident, sent_at } = await until(async () => {
    const { incidents, assignments } = await demo('/board');
    const now = Date.parse((await demo('/node')).clock.now);
    for (const each of incidents) {
      const first = assignments.filter((one) => one.incident === each.id && one.sent_at).map((one) => Date.parse(one.sent_at)).sort()[0];
      if (each.status !== 'merged' && first && now - first > 2 * MINUTE_MS && now - Date.parse(each.opened_at) < 180 * MINUTE_MS) return { incident: each, sent_at: first };
    }
    return null;
  }, 'an incident with a unit on it', 60_000);
  const { clock } = await demo('/node');
  const opened = Date.parse(incident.opened_at);
  const field = (ms) => new Intl.DateTimeFormat('sv-SE', { timeZone: clock.zone ?? 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' }).format(ms).replace(' ', 'T');
  const from = Math.floor(opened / MINUTE_MS) * MINUTE_MS - 2 * MINUTE_MS;
  const to = Math.ceil(sent_at / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const front = await openFront(node_url);
  const { page, close } = await openSeat(browser, { url: front.url }, null, `/review?from=${field(from)}&to=${field(to)}`, { locale: 'zh-CN', live: false });
  const scrubber = page.getByRole('slider', { name: '分钟' });
  const row = page.getByRole('region', { name: '警情', exact: true }).getByRole('button', { name: new RegExp(`#${incident.number}(?!\\d)`) });
  await scrubber.focus();
  await page.keyboard.press('Home');
  await page.getByText('历史：当时本节点所示').waitFor();
  const moment = page.getByRole('status').filter({ hasText: '历史' });
  await until(async () => (await moment.innerText()).includes(new Intl.DateTimeFormat('en-GB', { timeZone: clock.zone ?? 'Asia/Shanghai', hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(from + MINUTE_MS)), 'the first minute is shown, as it ended');
  await until(async () => (await row.count()) === 0, 'it is not there before it was opened');
  // The clock of the node goes on, and the scrubber stays where it was put.
  const clock_of_page = page.getByRole('banner').locator('time');
  for (let ticks = 0; ticks < 3; ticks += 1) {
    const shown = await clock_of_page.innerText();
    await until(async () => (await clock_of_page.innerText()) !== shown, 'the clock goes on');
  }
  assert.equal(await scrubber.inputValue(), '0');
  await page.keyboard.press('End');
  await row.waitFor();
  await row.press('Enter');
  const then = await demo(`/past/board?at=${new Date(to).toISOString()}`);
  const known = then.assignments.filter((each) => each.incident === incident.id);
  const detail = page.getByRole('region', { name: '所选警情', exact: true });
  await detail.getByText('当时已知').waitFor();
  assert.ok(known.length > 0);
  await until(async () => (await detail.getByRole('list').first().getByRole('listitem').count()) === known.length, 'the units as they then were');
  // Comma and full stop step a minute from wherever nothing is typed.
  const before = await scrubber.inputValue();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press(',');
  await until(async () => Number(await scrubber.inputValue()) === Number(before) - 1, 'one minute back');
  await access(page, 'review');
  await close();
  front.close();
});
