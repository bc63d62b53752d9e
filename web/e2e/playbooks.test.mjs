// Stories of playbooks, against a node of their own with a folder of them: one fires by itself when an incident opens, tells by
// rule, and its steps are taken and declined on the incident by key; the past is tried; a phone shows it too.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip } from './house.mjs';
import { access, openSeat, until } from './seat.mjs';

const pictures = process.env.PICTURES;
let browser, house, officer, overseer, dispatcher, folder;

const FIRE = `
id = "fire"
en = "Fire in a building"
zh = "建筑火灾"
[when.incident_opened]
categories = ["structure_fire"]
[[step]]
do = "carry_out"
[step.tell]
seats = ["dispatcher"]
subject = { en = "Fire, incident {number}", zh = "火警，警情 {number}" }
text = { en = "At {place}. Consider the next alarm.", zh = "{place}。请考虑提升警级。" }
[[step]]
do = "propose"
[step.directive]
kind = "task"
priority = 1
subject = { en = "Keep the ways in free", zh = "保障消防通道" }
text = { en = "Keep two ways to {place} free.", zh = "保障通往{place}的两条通道畅通。" }
to = ["seat:dispatcher"]
close_within_s = 3600
[[step]]
do = "propose"
[step.ask_support]
capability = "water_supply"
quantity = 2
purpose = { en = "Water for a large fire", zh = "重大火灾供水" }
priority = 1
for_s = 7200
[[step]]
do = "propose"
[step.open_operation]
name = { en = "Fire {number}", zh = "火灾 {number}" }
purpose = { en = "Fight the fire together", zh = "联合灭火" }
legal_basis = { en = "Major incident plan", zh = "重大灾害应急预案" }
handling = "police_use"
`;
const CROWD = `
id = "crowd"
en = "Crowd at an event"
zh = "大型活动人群"
on = false
[when.calls_near]
count = 3
radius_m = 250
within_s = 900
[[step]]
do = "propose"
[step.tell]
seats = ["dispatcher"]
subject = { en = "Many calls from one place", zh = "同一地点多起报警" }
text = { en = "Around {place}", zh = "{place}附近" }
`;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(path.join(tmpdir(), 'watchfire-playbooks-'));
  writeFileSync(path.join(folder, 'fire.toml'), FIRE);
  writeFileSync(path.join(folder, 'crowd.toml'), CROWD);
  house = await openHouse({ name: '柯桥', settings: { playbooks: { folder } } });
  officer = await house.person({ login: 'officer', seats: ['duty_officer', 'dispatcher'] });
  overseer = await house.person({ login: 'overseer', seats: ['overseer'] });
  dispatcher = await house.program('dispatcher');
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.close();
  if (folder) rmSync(folder, { recursive: true });
});

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`) });
}

test('新增建筑火灾后预案自动启动：按规则告知，其余步骤在警情上逐键执行或不予执行', { skip }, async () => {
  const seat = await openSeat(browser, house, officer, '/dispatch', { locale: 'zh-CN' });
  const { page } = seat;
  const incident = await house.incident(dispatcher, { category: 'structure_fire', priority: 1, address: '笛扬路 8 号' });
  await page.getByRole('link', { name: '▲ 1 个预案待处理' }).click();
  await page.waitForURL((url) => url.pathname === `/incident/${incident.id}`);
  const run = page.getByRole('article', { name: /建筑火灾 #1/ });
  await run.getByText('按规则').first().waitFor();
  await run.getByRole('link', { name: /指令/ }).first().waitFor();
  await access(page, 'a run on its incident');
  await picture(page, 'playbook-incident-zh');
  await run.getByRole('button', { name: '执行', exact: true }).first().press('Enter');
  await run.getByText('2 项待处理').waitFor();
  await run.getByRole('button', { name: '无需执行' }).first().click();
  await run.getByText('1 项待处理').waitFor();
  // The next step that waits has the focus: one key takes it.
  await run.getByRole('button', { name: '执行', exact: true }).press('Enter');
  await run.getByText(/结束$/).waitFor();
  await page.getByRole('link', { name: /预案待处理/ }).waitFor({ state: 'detached' });
  const directives = await officer.get('/directives');
  assert.ok(directives.items.some((one) => one.subject === '保障消防通道'), 'the directive is there, in the language of the screen');
  assert.deepEqual(seat.errors, []);
  await seat.close();
});

test('a playbook is tried on the past, and one that is off is started by hand', { skip }, async () => {
  for (let n = 0; n < 3; n += 1) await house.incident(dispatcher, { category: 'medical', priority: 3, address: `Crowded Square ${n}`, lat: 30.2 });
  const seat = await openSeat(browser, house, officer, '/playbooks', { locale: 'en-US' });
  const { page } = seat;
  const crowd = page.getByRole('article', { name: 'Crowd at an event', exact: true });
  await crowd.getByText('off', { exact: false }).first().waitFor();
  await crowd.getByRole('button', { name: 'Try it on the last 30 days' }).click();
  await crowd.getByText(/would have fired/).waitFor();
  // The list and the map show the same: what is picked in either is marked in both.
  const fire = page.getByRole('article', { name: 'Fire in a building', exact: true });
  await house.incident(dispatcher, { category: 'structure_fire', priority: 3, address: 'Mill Lane 4', lat: 30.31, lon: 120.6 });
  await fire.getByRole('button', { name: 'Try it on the last 30 days' }).click();
  await fire.getByText(/would have fired/).waitFor();
  assert.equal(await page.locator('.maplibregl-canvas').count(), 1, 'one map at a time');
  const lane = fire.getByRole('button', { name: /^1 .*Mill Lane 4/ });
  const is = (pressed) => until(async () => (await lane.getAttribute('aria-pressed')) === String(pressed), `picked: ${pressed}`);
  const canvas = fire.locator('canvas.maplibregl-canvas');
  await canvas.waitFor();
  await lane.press('Enter');
  await is(true);
  await canvas.focus();
  await fire.getByText('In the middle: 1: Mill Lane 4').waitFor();
  await picture(page, 'playbooks-past-en');
  await lane.press('Enter');
  await is(false);
  await canvas.focus();
  await fire.getByText('In the middle: 1: Mill Lane 4').waitFor();
  await canvas.press('Enter');
  await is(true);
  await access(page, 'playbooks');
  await picture(page, 'playbooks-en');
  const incident = (await officer.get('/incidents?limit=1')).items[0];
  await page.goto(`${house.url}/incident/${incident.id}`);
  await page.getByLabel('Start a playbook by hand').selectOption({ label: 'Crowd at an event' });
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  const run = page.getByRole('article', { name: /Crowd at an event/ });
  await run.getByText(/started by officer/).waitFor();
  await run.getByRole('button', { name: 'Other reason …' }).click();
  await run.getByLabel('Reason').fill('stewards have it in hand');
  await run.getByRole('button', { name: 'Do not do it' }).click();
  await run.getByText('stewards have it in hand').waitFor();
  assert.deepEqual(seat.errors, []);
  await seat.close();
});

test('a playbook that waits is seen by all who may run it, and heard by who is on duty alone', { skip }, async () => {
  const [here, away] = [await house.person({ login: 'here', seats: ['duty_officer'] }), await house.person({ login: 'away', seats: ['duty_officer'] })];
  const desk = await house.program('duty_officer');
  const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
  const post = await desk.post('/duty/posts', { name: '值班长席', name_other: 'Duty desk', seat: 'duty_officer', minimum: 1, reach: '8110', rest_min: 0, hands_over: false });
  await desk.post(`/duty/posts/${post.id}/shifts`, { shifts: [{ from: at(-60), until: at(60), people: [here.about.id] }] });
  const shift = (await desk.get('/board')).records.find((each) => each.kind === 'shift').record;
  await here.post(`/duty/shifts/${shift.id}/steps`, { do: 'come_on' });
  const [on, off] = [await openSeat(browser, house, here, '/duty'), await openSeat(browser, house, away, '/duty')];
  for (const { page } of [on, off]) {
    await page.getByRole('region', { name: 'On duty now' }).getByText('here').waitFor();
    await page.evaluate(() => delete document.documentElement.dataset.sound);
  }
  await house.incident(dispatcher, { category: 'structure_fire', priority: 1, address: '湖滨路 2 号', lat: 30.4 });
  for (const { page } of [on, off]) await page.getByRole('link', { name: /▲ \d+ playbooks? waits?/ }).waitFor();
  const sound = ({ page }) => page.evaluate(() => document.documentElement.dataset.sound);
  await until(async () => (await sound(on)) === 'alarm', 'who is on duty hears it');
  assert.equal(await sound(off), undefined, 'who is off duty sees it and does not hear it');
  assert.deepEqual([...on.errors, ...off.errors], []);
  await on.close();
  await off.close();
});

test('an overseer reads playbooks and runs on a narrow screen and is offered nothing that changes them', { skip }, async () => {
  const seat = await openSeat(browser, house, overseer, '/playbooks', { width: 390, height: 844 });
  const { page } = seat;
  await page.getByRole('article', { name: /Fire in a building #1/ }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Do it' }).count(), 0);
  assert.equal(await page.getByRole('button', { name: 'Not needed' }).count(), 0);
  await access(page, 'playbooks, narrow');
  await picture(page, 'playbooks-narrow');
  assert.deepEqual(seat.errors, []);
  await seat.close();
});
