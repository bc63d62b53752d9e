// The story of a finding, against a node of its own: an analyst writes it down from incidents that a question found, the duty
// officer reviews and issues it in Chinese, a dispatcher reads it, a consultation over it is held, and every decision is settled.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip } from './house.mjs';
import { BOUND_MS, access, openSeat } from './seat.mjs';

const pictures = process.env.PICTURES;
let browser, house, analyst, officer, dispatcher;

before(async () => {
  if (skip) return;
  house = await openHouse({ name: 'Fushan' });
  analyst = await house.person({ login: 'analyst', seats: ['analyst'] });
  officer = await house.person({ login: 'officer', seats: ['duty_officer'] });
  dispatcher = await house.person({ login: 'dispatch', seats: ['dispatcher'] });
  const taker = await house.program('dispatcher');
  for (const [lat, address] of [[30.001, 'Lock 1'], [30.002, 'Lock 2'], [30.003, 'Lock 3']]) {
    const call = await taker.post('/calls', { channel: 'phone', category: 'outside_fire', priority: 2, place: { lat, lon: 120.58, address } });
    await taker.post('/incidents', { call: call.id });
  }
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.close();
});

async function picture(page, name) {
  if (!pictures) return;
  for (const [wide, size] of [['wide', { width: 1440, height: 900 }], ['narrow', { width: 390, height: 844 }]]) {
    await page.setViewportSize(size);
    await page.screenshot({ path: path.join(pictures, `${name}-${wide}.png`) });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

test('a saved view fills the fields with what it asks, also with what the page itself would not ask', { skip, timeout: 6 * BOUND_MS }, async () => {
  const of = (days) => new Date(Date.now() - days * 86_400_000).toISOString();
  const until = '2030-01-01T00:00:00.000Z';
  // From the hour before to the end of the next, in the node's zone, eight hours ahead of universal time.
  const hour = new Date().getUTCHours() + 8;
  const [from_hour, until_hour] = [(hour + 23) % 24, (hour + 2) % 24];
  for (const [name, query] of [
    ['Nights', { categories: 'outside_fire', words: 'lock 2', from_hour, until_hour, days: '0,1,2,3,4,5,6', from: of(90) }],
    ['All', { categories: 'medical,outside_fire', until }],
  ]) await analyst.post('/patterns/views', { name, query });
  const desk = await openSeat(browser, house, analyst, '/analysis?tab=patterns');
  const { page } = desk;
  const question = page.getByRole('form', { name: 'Question' });
  await page.getByRole('button', { name: 'Nights', exact: true }).click();
  await page.getByText('1 incident', { exact: true }).waitFor();
  const fields = async () => Promise.all([/^Days back/, /^Category/, /^Words/, /^From hour/, /^Until hour/, /^Days any/].map((name) => question.getByLabel(name).inputValue()));
  assert.deepEqual(await fields(), ['90', 'outside_fire', 'lock 2', String(from_hour), String(until_hour), '0,1,2,3,4,5,6']);
  await access(page, 'a view in the fields');
  await picture(page, 'assess-view');
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await page.getByText('3 incidents', { exact: true }).waitFor();
  assert.deepEqual(await fields(), ['', 'medical,outside_fire', '', '', '', '']);
  await page.getByText(/This view also asks for incidents\s+opened before/).waitFor();
  const [asked] = await Promise.all([page.waitForRequest(/\/patterns\?/), question.getByRole('button', { name: 'Search' }).click()]);
  assert.equal(new URL(asked.url()).searchParams.get('until'), until, 'what no field shows is asked, too');
  const [without] = await Promise.all([page.waitForRequest(/\/patterns\?/), page.getByRole('button', { name: 'Leave that out' }).click()]);
  assert.equal(new URL(without.url()).searchParams.get('until'), null);
  await page.getByText('This view also asks').waitFor({ state: 'detached' });
  assert.deepEqual(desk.errors, []);
  await desk.close();
});

test('incidents that are on no board any more are named in a finding, and are found by their numbers', { skip, timeout: 6 * BOUND_MS }, async () => {
  const longOver = async (page) => page.route('**/api/v1/board', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), incidents: [], calls: [] } });
  });
  const seat = await openSeat(browser, house, analyst, '/analysis', { before: longOver });
  const { page } = seat;
  await page.getByRole('button', { name: 'Patterns of incidents' }).click();
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('button', { name: /^Write a finding on these/ }).click();
  for (const number of [1, 2, 3]) await page.getByText(`#${number} Lock ${number}`, { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Remove source 2' }).click();
  await page.getByText('#2 Lock 2', { exact: true }).waitFor({ state: 'detached' });
  await page.getByLabel('Incident no.').fill('2');
  await page.getByLabel('Incident no.').press('Enter');
  await page.getByText('#2 Lock 2', { exact: true }).waitFor();
  await page.getByLabel('Incident no.').fill('99');
  await page.getByLabel('Incident no.').press('Enter');
  await page.getByRole('alert').filter({ hasText: '99' }).waitFor();
  assert.deepEqual(seat.errors, []);
  await seat.close();
});

test('a finding goes from a question to an issued assessment, a consultation and settled decisions', { skip, timeout: 12 * BOUND_MS }, async () => {
  const desk = await openSeat(browser, house, analyst, '/analysis?tab=patterns');
  const { page } = desk;
  await page.getByText('3 incidents').waitFor();
  await page.getByRole('button', { name: /^More like this: incident/ }).first().click();
  await page.getByText(/of 100 points/).waitFor();
  await access(page, 'patterns');
  await picture(page, 'assess-patterns');
  await page.getByLabel('Words').fill('lock');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('button', { name: 'Write a finding on these' }).click();
  const form = page.getByRole('form', { name: 'Assessment' });
  await form.getByLabel('Title').fill('Fires along the canal');
  await form.getByLabel(/^Source\s/).selectOption('B');
  await form.getByLabel('Credibility').selectOption('2');
  await form.getByLabel('What it says').fill('Three fires at the locks within a day.');
  // Whoever leaves it finds it again as it was.
  await form.getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('button', { name: 'New assessment' }).click();
  await form.getByText(/^↷ Kept from/).waitFor();
  assert.equal(await form.getByLabel('What it says').inputValue(), 'Three fires at the locks within a day.');
  await form.getByText('#2 Lock 2').waitFor();
  // A number that no incident has is named, and nothing is sent until it is mended.
  await form.getByLabel('Incident no.').fill('#4711');
  await form.getByRole('button', { name: 'Write the draft down' }).click();
  await form.getByRole('alert').filter({ hasText: 'no incident 4711' }).waitFor();
  assert.equal((await house.admin.get('/assessments')).items.length, 0, 'nothing was sent');
  assert.equal(await form.getByLabel('Incident no.').inputValue(), '#4711');
  await access(page, 'an assessment as it is written');
  await picture(page, 'assess-unknown-number');
  await form.getByLabel('Incident no.').fill('');
  await form.getByRole('alert').waitFor({ state: 'detached' });
  await form.getByRole('button', { name: 'Write the draft down' }).click();
  const mine = page.getByRole('region', { name: 'Fires along the canal' });
  await mine.getByText('Three fires at the locks').waitFor();
  assert.equal(await mine.getByRole('button', { name: 'Review: stand by it' }).count(), 0, 'who wrote it does not review it');

  const duty = await openSeat(browser, house, officer, '/analysis', { locale: 'zh-CN' });
  await duty.page.getByRole('button', { name: /Fires along the canal/ }).click();
  const theirs = duty.page.getByRole('region', { name: 'Fires along the canal' });
  await theirs.getByRole('button', { name: '审核通过' }).click();
  await theirs.getByRole('button', { name: '发布' }).click();
  await theirs.getByLabel('调度员').check();
  await picture(duty.page, 'assess-issue');
  await theirs.locator('form').getByRole('button', { name: '发布' }).click();
  await theirs.getByText('已发布').waitFor();

  const reader = await openSeat(browser, house, dispatcher, '/analysis');
  await reader.page.getByText('1 to read').waitFor();
  await reader.page.getByRole('button', { name: /Fires along the canal/ }).click();
  await reader.page.getByRole('button', { name: 'I have read it' }).click();
  await reader.page.getByRole('button', { name: 'I have read it' }).waitFor({ state: 'hidden' });
  await theirs.getByText(/✓ 调度员/).waitFor();

  await theirs.getByRole('button', { name: '召集会商' }).click();
  const call = duty.page.getByRole('form', { name: '会商' });
  await call.getByLabel('调度员').check();
  await call.getByLabel('地点或接入方式').fill('二楼会商室');
  await duty.page.reload();
  await theirs.getByRole('button', { name: '召集会商' }).click();
  await call.getByText(/^↷ 已恢复/).waitFor();
  assert.equal(await call.getByLabel('地点或接入方式').inputValue(), '二楼会商室');
  assert.equal(await call.getByLabel('调度员').isChecked(), true);
  await call.getByRole('button', { name: '召集', exact: true }).click();
  const held = duty.page.getByRole('region', { name: 'Fires along the canal' });
  await held.getByRole('button', { name: '开始会商' }).click();
  await held.getByLabel('发言内容').fill('夜间无船');
  await held.getByRole('button', { name: '添加' }).click();
  await held.getByText('夜间无船').waitFor();
  for (const text of ['加强沿河巡逻', '关闭船闸']) {
    await held.getByLabel('决定事项（不写姓名）').fill(text);
    await held.getByRole('button', { name: '提出决定' }).click();
    await held.getByText(text, { exact: true }).waitFor();
  }
  assert.equal(await held.getByRole('button', { name: '结束会商' }).count(), 0, 'decisions are open');
  // The directive is written where directives are; then the decision names it.
  await held.getByRole('button', { name: '转为指令：加强沿河巡逻' }).click();
  await duty.page.getByLabel('添加承办单位').selectOption({ label: '调度员' });
  await duty.page.getByRole('button', { name: '下达', exact: true }).click();
  await duty.page.getByRole('heading', { name: /加强沿河巡逻/ }).waitFor();
  await duty.page.getByRole('link', { name: '研判会商', exact: true }).click();
  await duty.page.getByRole('button', { name: /Fires along the canal/ }).last().click();
  await held.getByRole('button', { name: '不予执行：关闭船闸' }).click();
  await held.getByLabel('理由').fill('无人值守');
  await held.getByRole('button', { name: '以此理由不予执行', exact: true }).click();
  await access(duty.page, 'a consultation');
  await picture(duty.page, 'assess-consultation');
  await held.getByRole('button', { name: '结束会商' }).click();
  await held.getByText('已结束').waitFor();
  for (const seat of [desk, duty, reader]) {
    assert.deepEqual(seat.errors, []);
    await seat.close();
  }
});
