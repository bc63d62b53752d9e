// Stories of the alarms: what is late is said with what to do, one person acknowledges it by name and every other sees that,
// it stays until the thing is done, and the duty seat counts what became of them. The node's timers are short here.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip } from './house.mjs';
import { access, openSeat, tidy, until } from './seat.mjs';

let browser, house, dispatcher, officer, by;
const units = {};

before(async () => {
  if (skip) return;
  const timers = { unanswered_s: 1, late_departure_s: 3600, unassigned_s: [1, 1, 3600, 3600], call_waiting_s: 1 };
  house = await openHouse({ name: 'Fushan', settings: { timers } });
  dispatcher = await house.person({ login: 'chen', name: 'Chen Jing', seats: ['dispatcher'] });
  officer = await house.person({ login: 'wang', name: '王敏', seats: ['duty_officer'] });
  by = await house.program('dispatcher');
  for (const callsign of ['E1', 'E2']) units[callsign] = await house.unit({ callsign });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.close();
});
afterEach(async () => {
  if (skip) return;
  for (const each of browser.contexts()) await each.close();
  await tidy(by);
});

/** The last sound of a page. */
const sound = (page) => page.evaluate(() => document.documentElement.dataset.sound);

test('a crew that does not answer raises an alarm that says what to do, is acknowledged by name, and stays until it is done', { skip }, async () => {
  const fire = await house.incident(by, { address: 'Shengli Road 4', category: 'outside_fire', priority: 3 });
  const at_dispatch = await openSeat(browser, house, dispatcher, '/dispatch');
  const at_duty = await openSeat(browser, house, officer, '/duty', { locale: 'zh-CN' });
  const [sent] = await house.send(by, fire.id, [units.E1.id]);

  const alarms = at_dispatch.page.getByRole('region', { name: 'Alarms' });
  await alarms.getByText('1 alarm not acknowledged').waitFor();
  const row = alarms.getByRole('listitem').filter({ hasText: 'E1' });
  assert.match(await row.innerText(), /Shengli Road 4[\s\S]*[Cc]all[\s\S]*send/, 'what it is on and what to do');
  assert.match(await at_dispatch.page.title(), /^▲ 1 alarm/);
  await until(async () => (await sound(at_dispatch.page)) === 'alarm', 'the alarm is heard');
  await access(at_dispatch.page, 'alarm');
  await at_duty.page.getByRole('region', { name: '告警', exact: true }).getByText('1 项告警未确认').first().waitFor();

  await row.getByRole('button', { name: /^Acknowledge/ }).click();
  await alarms.getByText('All alarms are acknowledged').waitFor();
  await alarms.getByText('1 acknowledged, not yet done').click();
  assert.match(await alarms.getByRole('listitem').innerText(), /acknowledged by Chen Jing at \d\d:\d\d:\d\d/);
  const theirs = at_duty.page.getByRole('region', { name: '告警', exact: true });
  await theirs.getByText('1 项已确认，尚未办结').first().click();
  await theirs.getByText(/Chen Jing 于 \d\d:\d\d:\d\d 确认/).first().waitFor();
  assert.equal(await theirs.getByRole('button', { name: /^确认：/ }).count(), 0, 'once is enough');

  await by.post(`/assignments/${sent.id}/acknowledge`);
  await alarms.waitFor({ state: 'hidden' });
  await at_duty.page.getByText('无告警', { exact: false }).first().waitFor();
  await at_duty.page.reload();
  const counted = at_duty.page.getByRole('table', { name: '按来源统计的告警' }).getByRole('row').filter({ hasText: '未应答' });
  await counted.waitFor();
  const cells = await counted.getByRole('cell').allInnerTexts();
  assert.deepEqual(cells.slice(0, 3), ['1', '1', '1'], 'raised, acknowledged, acted on');
  await access(at_duty.page, 'duty');
});

test('无人处置的警情与待处理的报警在值班席位上告警，点选即到该警情', { skip }, async () => {
  const fire = await house.incident(by, { address: '胜利路4号', priority: 1 });
  const call = await by.post('/calls', { place: { lat: 30.004, lon: 120.58, address: '中兴路2号' }, category: 'gas_leak', priority: 2 });
  const { page } = await openSeat(browser, house, officer, '/duty', { locale: 'zh-CN' });
  const alarms = page.getByRole('region', { name: '告警', exact: true }).last();
  await alarms.getByRole('listitem').filter({ hasText: '胜利路4号' }).first().waitFor();
  await alarms.getByRole('listitem').filter({ hasText: '中兴路2号' }).first().waitFor();
  await until(async () => (await sound(page)) === 'grave_alarm', '特急警情的告警声不同');
  await page.getByText('尚未派警').first().waitFor();
  await page.getByText('待处理报警').first().waitFor();
  await alarms.getByRole('button', { name: /胜利路4号/ }).first().click();
  await page.waitForURL((url) => url.pathname === '/dispatch');
  await page.getByRole('article').getByText('胜利路4号').first().waitFor();
  await by.post(`/calls/${call.id}/close`, { reason: 'a test of the line' });
  await by.post(`/incidents/${fire.id}/cancel`, { reason: 'a test of the line' });
  await page.getByRole('region', { name: '告警', exact: true }).waitFor({ state: 'hidden' });
});

test('an alarm that begins anew is unseen again', { skip }, async () => {
  const fire = await house.incident(by, { address: 'Shengli Road 4', category: 'outside_fire', priority: 3 });
  const [sent] = await house.send(by, fire.id, [units.E2.id]);
  const { page } = await openSeat(browser, house, dispatcher, '/dispatch');
  const alarms = page.getByRole('region', { name: 'Alarms' });
  await alarms.getByRole('button', { name: /^Acknowledge/ }).click();
  await alarms.getByText('All alarms are acknowledged').waitFor();
  await by.post(`/assignments/${sent.id}/resend`);
  await alarms.getByText('1 alarm not acknowledged').waitFor();
  await until(async () => (await by.get(`/assignments/${sent.id}`)).alarms[0]?.acknowledged === null, 'unseen on the node too');
});
