// Stories of duty, against a node of their own: the watch is handed over item by item, by keyboard, between two people at
// two windows; and the roster is proposed, accepted and shows its gaps, in Chinese and English, wide and narrow.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip } from './house.mjs';
import { BOUND_MS, access, openSeat, until } from './seat.mjs';

const pictures = process.env.PICTURES;
const begun_ms = Date.now();
const at = (minutes) => new Date(begun_ms + minutes * 60_000).toISOString();

let browser, house, officer, dispatcher, wang, li, post, early, late;

before(async () => {
  if (skip) return;
  house = await openHouse({ name: 'Fushan' });
  wang = await house.person({ login: 'wang', name: '王建国', seats: ['duty_officer', 'dispatcher'] });
  li = await house.person({ login: 'li', name: '李秀英', seats: ['duty_officer', 'dispatcher'] });
  [officer, dispatcher] = [await house.program('duty_officer'), await house.program('dispatcher')];
  browser = await launch();
  post = await officer.post('/duty/posts', {
    name: '值班长席', name_other: 'Duty desk', seat: 'duty_officer', minimum: 1, reach: '8110 / 3 频道', rest_min: 60, hands_over: true,
  });
  const shifts = [{ from: at(-470), until: at(10), people: [wang.about.id] }, { from: at(10), until: at(490), people: [li.about.id] }];
  await officer.post(`/duty/posts/${post.id}/shifts`, { shifts });
  [early, late] = (await officer.get('/board')).records.filter((each) => each.kind === 'shift').map((each) => each.record).sort((a, b) => (a.from < b.from ? -1 : 1));
});
after(async () => {
  await browser?.close();
  await house?.close();
});

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`) });
}

test('one whole handover: who is on, the items one by one by keyboard, a question, what arises meanwhile, two signatures', { skip, timeout: 10 * BOUND_MS }, async () => {
  const outgoing = await openSeat(browser, house, wang, '/roster', { locale: 'zh-CN' });
  await outgoing.page.getByText('无人在岗').first().waitFor();
  await outgoing.page.getByRole('button', { name: '上岗' }).click();
  await outgoing.page.getByText('王建国').first().waitFor();
  await outgoing.page.getByLabel('记一条日志').fill('港口北门上锁，钥匙在门卫');
  await outgoing.page.getByLabel('列入交接：办结前一直保留').check();
  await outgoing.page.getByRole('button', { name: '记录' }).click();
  await outgoing.page.getByText('待交接').waitFor();
  await picture(outgoing.page, 'duty-now-zh');
  await access(outgoing.page, 'who is on duty');
  const call = await dispatcher.post('/calls', { channel: 'phone', category: 'medical', priority: 2, place: { lat: 30.001, lon: 120.581, address: '解放北路 12 号' }, said: '冒烟' });
  const incident = await dispatcher.post('/incidents', { call: call.id });

  const incoming = await openSeat(browser, house, li, '/roster');
  const { page } = incoming;
  await page.getByRole('button', { name: 'Take over' }).click();
  await page.getByText('2 items wait to be accepted').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Sign: I take over' }).isDisabled(), true);
  await picture(page, 'duty-handover-en');
  await access(page, 'the handover');
  // By keyboard alone: the note is accepted, the incident is questioned.
  await page.locator('li.item[aria-current=true]').getByText('港口北门上锁').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('li.item[aria-current=true]').getByText(`incident ${incident.number}`).waitFor();
  await page.keyboard.press('q');
  await page.getByLabel('What is unclear?').fill('Who goes there?');
  await page.getByLabel('What is unclear?').press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('1 question waits for an explanation').waitFor();

  await outgoing.page.getByRole('button', { name: '进入交接' }).click();
  await outgoing.page.getByText('1 项疑问待说明').waitFor();
  await picture(outgoing.page, 'duty-handover-zh');
  await outgoing.page.getByRole('button', { name: '说明', exact: true }).click();
  await outgoing.page.getByLabel('说明内容').fill('2 号车十分钟后到');
  await outgoing.page.getByRole('button', { name: '提交' }).click();
  await outgoing.page.getByRole('button', { name: '签字交班' }).click();
  await outgoing.page.getByText('您已签字，等待对方签字。').waitFor();

  await page.getByText('2 号车十分钟后到').waitFor();
  await page.locator('li.item').filter({ hasText: `incident ${incident.number}` }).getByRole('button', { name: 'Accept' }).click();
  await page.getByText('Everything is accepted; both sign now.').waitFor();
  // Another incident arises, and it cannot be signed until it is accepted, too.
  const second = await dispatcher.post('/incidents', { category: 'medical', priority: 2, place: { lat: 30.002, lon: 120.582, address: '人民路 8 号' } });
  await page.getByText('1 item waits to be accepted').waitFor();
  const arisen = page.locator('li.item').filter({ hasText: `incident ${second.number}` });
  await arisen.getByText('arisen meanwhile').waitFor();
  await arisen.getByRole('button', { name: 'Accept' }).click();
  await page.getByRole('button', { name: 'Sign: I take over' }).click();
  await page.getByText('The post has changed hands: 李秀英 is on duty.').waitFor();
  await outgoing.page.getByText('交接完成，现由李秀英值守。').waitFor();
  await picture(page, 'duty-signed-en');

  // The note is not lost with the shift that wrote it: it stands above the log of the next, until somebody settles it.
  await page.goto(`${house.url}/roster`);
  const log = page.getByRole('region', { name: 'Shift log' });
  await log.getByRole('heading', { name: 'Handed over, still open' }).waitFor();
  const left = log.getByRole('listitem').filter({ hasText: '港口北门上锁，钥匙在门卫' });
  await left.getByText('王建国').waitFor();
  await picture(page, 'duty-left-en');
  await access(page, 'a note of an earlier shift');
  await left.getByRole('button', { name: 'Settled' }).click();
  await log.getByRole('heading', { name: 'Handed over, still open' }).waitFor({ state: 'detached' });

  const duty = await officer.get('/duty');
  assert.equal(duty.posts[0].on[0].person.id, li.about.id);
  assert.equal(duty.incident_alarms.people[0].person.id, li.about.id);
  const { shift } = await officer.get(`/duty/shifts/${early.id}`);
  assert.equal(shift.status, 'closed');
  assert.ok(late.id);
  assert.deepEqual([...outgoing.errors, ...incoming.errors], []);
  await outgoing.close();
  await incoming.close();
});

test('on the duty officer\'s page it is said that who is on duty is not known yet, could not be read, or that no post is set up', { skip, timeout: 6 * BOUND_MS }, async () => {
  let answer;
  const asked = new Promise((given) => (answer = given));
  const seat = await openSeat(browser, house, wang, '/duty', { before: (page) => page.route('**/api/v1/duty', async (route) => { await asked; await route.abort(); }) });
  const { page } = seat;
  const band = page.getByRole('region', { name: 'On duty now' });
  await band.getByRole('status').filter({ hasText: 'Loading…' }).waitFor();
  answer();
  await band.getByRole('alert').filter({ hasText: 'This node did not answer.' }).waitFor();
  await picture(page, 'duty-band-failed-en');
  await access(page, 'the band that could not be read');
  await page.unroute('**/api/v1/duty');
  await band.getByRole('button', { name: 'Try again' }).click();
  await band.getByText('Duty desk').first().waitFor();
  assert.equal(await band.getByRole('alert').count(), 0);
  await page.route('**/api/v1/duty', async (route) => {
    const told = await route.fetch();
    await route.fulfill({ response: told, json: { ...(await told.json()), posts: [], gaps: [] } });
  });
  await page.reload();
  await band.getByText('There is no duty post yet.').waitFor();
  assert.deepEqual(seat.errors, []);
  await seat.close();
});

test('a directive for a seat is heard by who is on duty there alone; by all of the seat where nobody is', { skip, timeout: 6 * BOUND_MS }, async () => {
  // Li took the duty desk over and is on duty; Wang went off. Nobody is on duty as a dispatcher.
  const [on, off] = [await openSeat(browser, house, li, '/directives'), await openSeat(browser, house, wang, '/directives')];
  const hush = () => Promise.all([on, off].map(({ page }) => page.evaluate(() => delete document.documentElement.dataset.sound)));
  const sound = ({ page }) => page.evaluate(() => document.documentElement.dataset.sound);
  const issue = (subject, seat) => officer.post('/directives', { kind: 'task', priority: 2, subject, to: [{ is: 'seat', id: seat }] });
  const told = (subject) => [on, off].map(({ page }) => page.getByRole('button', { name: new RegExp(subject) }).first().waitFor());
  await until(async () => (await off.page.evaluate(() => performance.getEntriesByType('resource').some((each) => each.name.endsWith('/api/v1/duty')))), 'it was asked who is on duty');
  await hush();
  await issue('Close the east gate', 'duty_officer');
  await until(async () => (await sound(on)) === 'alarm', 'who is on duty hears it');
  await Promise.all(told('Close the east gate'));
  await off.page.getByRole('link', { name: /1 directive/ }).waitFor();
  assert.equal(await sound(off), undefined, 'who is off duty sees it and does not hear it');
  await hush();
  await issue('Open the west gate', 'dispatcher');
  await until(async () => (await sound(on)) === 'alarm' && (await sound(off)) === 'alarm', 'nobody is on duty there, so all hear it');
  assert.deepEqual([...on.errors, ...off.errors], []);
  await on.close();
  await off.close();
});

test('a roster is proposed from a pattern, accepted, and its gaps stand hours ahead; on a phone, too', { skip, timeout: 10 * BOUND_MS }, async () => {
  const seat = await openSeat(browser, house, wang, '/roster');
  const { page } = seat;
  await page.getByText(/gaps? *$/).first().waitFor();
  await page.getByRole('region', { name: 'On duty now' }).getByRole('button', { name: 'Change', exact: true }).click();
  await page.getByLabel('Pattern').selectOption('12');
  await page.getByRole('group', { name: 'Team 1' }).getByLabel('王建国').check();
  await page.getByRole('group', { name: 'Team 2' }).getByLabel('李秀英').check();
  await picture(page, 'duty-post-en');
  await access(page, 'the duty post as it is written');
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('button', { name: 'Propose shifts: Duty desk' }).click();
  const proposal = page.getByRole('region', { name: 'Proposed shifts' });
  await proposal.waitFor();
  await picture(page, 'duty-proposal-en');
  const why = proposal.getByLabel('Why a rule of rest is broken, if one is');
  if (await why.isVisible()) await why.fill('only two of us this week');
  await proposal.getByRole('button', { name: /^Accept \d+ shifts?$/ }).click();
  await proposal.waitFor({ state: 'hidden' });
  await until(async () => (await officer.get('/duty')).gaps.length === 0, 'no gap is left');
  await page.getByText('Every post has its strength.').waitFor();
  await access(page, 'the roster');
  await picture(page, 'duty-roster-en');
  await seat.close();

  const phone = await openSeat(browser, house, li, '/roster', { locale: 'zh-CN', width: 390, height: 844 });
  await phone.page.getByText('李秀英').first().waitFor();
  await phone.page.getByRole('button', { name: '换班' }).first().click();
  await phone.page.getByLabel('与谁换班（可选对方班次）').selectOption({ index: 0 });
  await phone.page.getByRole('button', { name: '提交' }).click();
  await phone.page.getByText(/李秀英申请与王建国换班/).waitFor().catch(() => phone.page.getByText(/不能值班/).first().waitFor());
  await access(phone.page, 'the roster on a phone');
  await picture(phone.page, 'duty-roster-phone-zh');
  assert.deepEqual([...seat.errors, ...phone.errors], []);
  await phone.close();
});
