// Stories of the action line: it opens over whatever is being typed and gives it back, acts at once where it is sure, asks where
// it is not, and says the same in a shell. They have a node of their own and wait for conditions with a bound.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, afterEach, before, test } from 'node:test';
import { promisify } from 'node:util';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip } from './house.mjs';
import { access, openSeat, tidy, until } from './seat.mjs';

const run = promisify(execFile);
let browser, house, person, by, seat;
const units = {};

before(async () => {
  if (skip) return;
  const slow = { unanswered_s: 3600, late_departure_s: 3600, unassigned_s: [3600, 3600, 3600, 3600], call_waiting_s: 3600 };
  house = await openHouse({ name: 'Fushan', settings: { timers: slow } });
  person = await house.person({ login: 'dispatcher', name: 'Chen Jing', seats: ['dispatcher'] });
  by = await house.program('dispatcher');
  for (const callsign of ['E12', 'E14', 'M7']) units[callsign] = await house.unit({ callsign, kind: callsign === 'M7' ? 'medic' : 'engine' });
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

const status = async (callsign) => (await by.get(`/units/${units[callsign].id}`)).status;

/** Opens the seat, and selects the incident at an address if one is named. */
async function open(address, locale = 'en-US') {
  seat = await openSeat(browser, house, person, '/dispatch', { locale });
  const { page } = seat;
  if (address) {
    await page.getByRole('button', { name: new RegExp(address) }).first().click();
    await page.getByRole('article').getByText(address).first().waitFor();
  }
  const bar = page.getByRole('dialog', { name: /^(Action line|操作行)$/ });
  return {
    page, bar,
    input: bar.getByRole('combobox', { name: /^(What shall be done\?|要做什么？)$/ }),
    strip: page.getByRole('list', { name: /^(What was done|已做的操作)$/ }),
    sound: () => page.evaluate(() => document.documentElement.dataset.sound),
    /** Opens the line and types a text into it. */
    say: async (text) => {
      await page.keyboard.press('/');
      await bar.waitFor();
      await page.keyboard.type(text);
    },
  };
}

test('over a half-typed note the line opens, and Escape gives back text, focus and cursor', { skip }, async () => {
  await house.incident(by, { address: 'Shengli Road 4' });
  const { page, bar, input } = await open('Shengli Road 4');
  await page.getByRole('group', { name: 'What can be done with this incident' }).getByRole('button', { name: 'Note', exact: true }).click();
  const note = page.getByLabel('What is to be written down (sealed)');
  await note.fill('gate locked, key at number 12');
  await note.evaluate((field) => field.setSelectionRange(4, 11));
  await page.keyboard.press('/');
  await input.waitFor();
  assert.ok(await input.evaluate((field) => field === document.activeElement));
  await page.keyboard.type('s e12');
  await access(page, 'the line');
  await page.keyboard.press('Escape');
  await bar.waitFor({ state: 'hidden' });
  const now = await note.evaluate((field) => [field === document.activeElement, field.value, field.selectionStart, field.selectionEnd]);
  assert.deepEqual(now, [true, 'gate locked, key at number 12', 4, 11]);
  // After a digit a slash is part of what is written; elsewhere two slashes are one that was meant.
  await note.evaluate((field) => field.setSelectionRange(29, 29));
  await page.keyboard.press('/');
  assert.equal(await bar.count(), 0);
  await page.keyboard.press('Backspace');
  await note.evaluate((field) => field.setSelectionRange(4, 4));
  await page.keyboard.press('/');
  await input.waitFor();
  await page.keyboard.press('/');
  await bar.waitFor({ state: 'hidden' });
  await page.keyboard.type('3');
  assert.equal(await note.inputValue(), 'gate/3 locked, key at number 12');
});

test('a sure line is done at once, with its sound, and can be taken back', { skip }, async () => {
  await house.incident(by, { address: 'Shengli Road 4' });
  const { page, bar, strip, sound, say } = await open();
  const incident = (await by.get('/board')).incidents.find((each) => each.status === 'active');
  await say(`d e12 ${incident.number}`);
  await page.keyboard.press('Enter');
  await strip.getByText(/E12/).waitFor();
  await bar.waitFor({ state: 'hidden' });
  assert.equal(await status('E12'), 'assigned');
  assert.equal(await sound(), 'accepted');
  await page.keyboard.press('Control+z');
  await strip.getByText('taken back').waitFor();
  await until(async () => (await status('E12')) === 'available', 'E12 is free again');
});

test('用操作行让空闲力量前移待命：没有把握的先问', { skip }, async () => {
  await house.station({ code: 'N1', name: '城北消防站', lat: 30.05 });
  const { page, bar, strip, say } = await open(null, 'zh-CN');
  await say('前移E14到城');
  await bar.getByRole('option', { name: /N1.*城北消防站/ }).waitFor();
  await page.keyboard.type('北待命');
  await page.keyboard.press('Enter');
  const asks = bar.getByRole('alert').filter({ hasText: '“城北”按站点 N1 城北消防站 理解' });
  await asks.waitFor();
  assert.match(await asks.innerText(), /E14 前移至 N1 城北消防站 待命/);
  await page.keyboard.press('Enter');
  await strip.getByText(/E14/).waitFor();
  await until(async () => (await by.get(`/units/${units.E14.id}`)).moved_to?.code === 'N1', 'it waits there');
});

test('what is selected need not be said, and what is not sure is asked about: a second Enter does it', { skip }, async () => {
  const fire = await house.incident(by, { address: 'Shengli Road 4', category: 'outside_fire' });
  const { page, bar, strip, say } = await open('Shengli Road 4');
  await say('d');
  await page.keyboard.press('Enter');
  const asks = bar.getByRole('alert').filter({ hasText: 'Not sure. Enter does it' });
  await asks.waitFor();
  assert.match(await asks.innerText(), /Send E1[24]/);
  assert.deepEqual((await by.get(`/incidents/${fire.id}`)).assignments, [], 'nothing is done before it is sure');
  await page.keyboard.press('Escape');
  await asks.waitFor({ state: 'hidden' });
  await page.keyboard.press('Enter');
  await asks.waitFor();
  await page.keyboard.press('Enter');
  await strip.getByText(/E1[24]/).waitFor();
  await until(async () => (await by.get(`/incidents/${fire.id}`)).assignments.length === 1, 'it is sent');
});

test('a refused line says why and what next, sounds otherwise, and keeps its text; earlier lines come back', { skip }, async () => {
  const { page, bar, input, strip, sound, say } = await open();
  await say('os e12');
  await page.keyboard.press('Enter');
  const why = bar.getByRole('alert');
  await why.waitFor();
  assert.match(await why.innerText(), /E12[\s\S]*Next:/);
  assert.equal(await input.inputValue(), 'os e12');
  assert.equal(await sound(), 'refused');
  await access(page, 'refused');
  await input.fill('oos e12 pump broken');
  await page.keyboard.press('Enter');
  await strip.getByText(/E12/).waitFor();
  assert.equal(await sound(), 'accepted');
  assert.equal((await by.get(`/units/${units.E12.id}`)).reason, 'pump broken');
  await say('av');
  await page.keyboard.press('ArrowUp');
  assert.equal(await input.inputValue(), 'oos e12 pump broken');
  await page.keyboard.press('ArrowDown');
  assert.equal(await input.inputValue(), 'av', 'what was being typed is not lost');
});

test('Tab completes, and what completes says what it is', { skip }, async () => {
  const { page, bar, input, say } = await open();
  await say('s e1');
  const choices = bar.getByRole('listbox').getByRole('option');
  await choices.filter({ hasText: 'E12' }).waitFor();
  assert.match(await choices.filter({ hasText: 'E12' }).innerText(), /E12\s+\S/, 'more than the call sign alone');
  await page.keyboard.press('Tab');
  await until(async () => /^s E1[24]\s?$/.test(await input.inputValue()), 'the call sign is written out');
  assert.ok(await input.evaluate((field) => field === document.activeElement));
});

test('中文操作行：派、出发、到达、结束，一行一事', { skip }, async () => {
  await house.incident(by, { address: '胜利路4号' });
  const incident = (await by.get('/board')).incidents.find((each) => each.status === 'active');
  const { page, strip, say } = await open(null, 'zh-CN');
  for (const [line, wanted] of [[`派E12到${incident.number}`, 'assigned'], ['E12出发', 'en_route'], ['E12到达', 'on_scene'], ['结束 E12 明火已扑灭', 'available']]) {
    await say(line);
    await page.keyboard.press('Enter');
    await until(async () => (await status('E12')) === wanted, line);
    await strip.getByText(/E12/).first().waitFor();
  }
  const [assignment] = (await by.get('/board')).assignments.filter((each) => each.unit === units.E12.id && each.incident === incident.id);
  assert.equal(assignment.ending, '明火已扑灭');
  await say('？');
  await page.keyboard.press('Enter');
  await page.getByText('派出力量', { exact: false }).first().waitFor();
});

test('静音后刷新仍静音，操作照常', { skip }, async () => {
  const { page, sound, say } = await open(null, 'zh-CN');
  await page.getByRole('button', { name: '静音' }).click();
  await page.reload();
  const mute = page.getByRole('button', { name: '静音' });
  await mute.waitFor();
  assert.equal(await mute.getAttribute('aria-pressed'), 'true');
  await page.getByRole('button', { name: /^E14/ }).waitFor();
  await say('停用 E14 检修');
  await page.keyboard.press('Enter');
  await until(async () => (await status('E14')) === 'out_of_service', 'out of service');
  await until(async () => (await sound()) === 'muted', 'nothing is heard');
});

test('an action line in a shell does the same as on the screen, and asks the same', { skip }, async () => {
  const fire = await house.incident(by, { address: 'Shengli Road 4', category: 'outside_fire' });
  const number = (await by.get(`/incidents/${fire.id}`)).number;
  const token = by.headers.Authorization.slice('Bearer '.length);
  const say = (line, ...more) => run(process.env.WATCHFIRE_BIN, ['do', line, '--node', house.api, ...more], { env: { ...process.env, WATCHFIRE_TOKEN: token } });
  const { page } = await open('Shengli Road 4');
  const { stdout } = await say(`d e12 ${number}`);
  assert.match(stdout, /E12/);
  await page.getByRole('region', { name: 'Units on this incident' }).getByRole('button', { name: /^E12/ }).waitFor();
  const asked = await say(`d ${number}`).then(() => null, (failed) => failed);
  assert.equal(asked?.code, 1, 'what is not sure is not done without --yes');
  const refused = await say('os e14').then(() => null, (failed) => failed);
  assert.ok(refused && /E14/.test(refused.stdout + refused.stderr), refused?.stderr);
});
