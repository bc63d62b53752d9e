// Stories of what the node advises beyond one incident: all that wait filled together, a unit taken off something less
// grave, and why others than those recommended go. They have a node of their own with a small town's map.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip, streets } from './house.mjs';
import { access, openSeat, tidy, until } from './seat.mjs';

/** One long street and one across it. */
const TOWN = streets([
  { 'name': '解放路', 'name:en': 'Jiefang Road', 'through': [[0, 0], [0, 1], [0, 2], [0, 3], [0, 4], [0, 5], [0, 6], [0, 7], [0, 8]] },
  { 'name': '人民路', 'name:en': 'Renmin Road', 'through': [[0, 4], [1, 4], [2, 4]] },
]);

let browser, house, person, by, seat;
const units = {};

before(async () => {
  if (skip) return;
  const slow = { unanswered_s: 3600, late_departure_s: 3600, unassigned_s: [3600, 3600, 3600, 3600], call_waiting_s: 3600 };
  house = await openHouse({ name: 'Fushan', town: TOWN, settings: { timers: slow } });
  person = await house.person({ login: 'dispatcher', name: 'Chen Jing', seats: ['dispatcher', 'duty_officer'] });
  by = await house.program('dispatcher');
  for (const [callsign, lat, capabilities] of [['M1', 30.0, ['als']], ['M2', 30.03, ['als']]])
    units[callsign] = await house.unit({ callsign, kind: 'medic', lat, capabilities });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.close();
});
afterEach(async () => {
  if (skip) return;
  await seat?.close();
  seat = null;
  await tidy(by);
});

const medical = (address, lat, priority) => house.incident(by, { address, lat, priority, category: 'medical' });
const on = async (id) => {
  const { assignments, units: known } = await by.get('/board');
  return assignments.filter((each) => each.incident === id && !['cancelled', 'cleared', 'declined'].includes(each.status))
    .map((each) => known.find((unit) => unit.id === each.unit).callsign).sort();
};

for (const [locale, words] of [
  ['en-US', { open: /Together/, all: /Send all/, spared: /M1 would be sooner, and is needed at/, dialog: 'What to send to all that wait' }],
  ['zh-CN', { open: /统筹派遣/, all: /全部派出/, spared: /M1 更近，但 .* 更需要/, dialog: '待派警情统筹派遣' }],
]) test(`two that wait are filled together by one key: ${locale}`, { skip }, async () => {
  // M1 is nearest to both; only it is near the second.
  const middle = await medical('Jiefang Road 14', 30.014, 1);
  const south = await medical('Jiefang Road 1', 30.0, 1);
  seat = await openSeat(browser, house, person, '/dispatch', { locale });
  const { page } = seat;
  await page.getByRole('button', { name: words.open }).waitFor();
  await page.keyboard.press('Alt+t');
  const dialog = page.getByRole('dialog', { name: words.dialog });
  await dialog.getByText(words.spared).waitFor();
  await access(page, 'together');
  await page.keyboard.press('Control+Enter');
  await until(async () => (await on(middle.id)).length === 1 && (await on(south.id)).length === 1, 'both are sent to');
  assert.deepEqual(await on(middle.id), ['M2']);
  assert.deepEqual(await on(south.id), ['M1']);
  await dialog.waitFor({ state: 'detached' });
});

test('a unit on its way to something less grave is offered with what that costs, and taken off', { skip }, async () => {
  const minor = await medical('Jiefang Road 30', 30.03, 4);
  await by.post(`/incidents/${minor.id}/assignments`, { units: [units.M1.id] });
  const grave = await medical('Jiefang Road 2', 30.002, 1);
  seat = await openSeat(browser, house, person, '/dispatch', { locale: 'en-US' });
  const { page } = seat;
  await page.getByRole('region', { name: 'Incidents', exact: true }).getByRole('button', { name: /Jiefang Road 2/ }).first().click();
  const offered = page.getByRole('region', { name: 'On their way to something less grave' });
  await offered.getByText(/sooner here/).waitFor();
  await offered.getByText(/M2 would come/).waitFor();
  await offered.getByRole('button', { name: 'Reassign M1' }).click();
  await until(async () => (await on(grave.id)).includes('M1'), 'M1 goes to the grave one');
  assert.deepEqual(await on(minor.id), []);
});

test('who sends others than those recommended says why, and the figures show how it turned out', { skip }, async () => {
  const one = await medical('Jiefang Road 3', 30.003, 2);
  seat = await openSeat(browser, house, person, '/dispatch', { locale: 'en-US' });
  const { page } = seat;
  await page.getByRole('region', { name: 'Incidents', exact: true }).getByRole('button', { name: /Jiefang Road 3/ }).first().click();
  await page.getByRole('checkbox', { name: 'Send M1' }).uncheck();
  assert.equal(await page.getByLabel(/Others go than those recommended/).count(), 0, 'nobody goes instead yet');
  await page.getByRole('checkbox', { name: 'Send M2' }).check();
  await page.getByLabel(/Others go than those recommended/).selectOption('better_suited');
  await page.keyboard.press('Control+Enter');
  await until(async () => (await on(one.id)).includes('M2'), 'M2 goes');
  await page.getByRole('button', { name: /^More about M2/ }).click();
  await page.getByText(/In place of M1 .*: better suited/).waitFor();
  await page.goto(`${house.url}/figures`);
  await page.getByRole('tab', { name: 'Sent otherwise' }).click();
  await page.getByRole('row', { name: /better suited 1 0 0 –/ }).waitFor();
});
