// A story of support between two agencies, one in English and one in Chinese: entered into the catalogue and shared, asked for
// of the whole operation, answered with a time, accepted, there, let go and back; each side sees what waits for it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { skip_house as skip } from './house.mjs';
import { joined, openJoint } from './joint.mjs';
import { BOUND_MS, access, openSeat, until } from './seat.mjs';

const pictures = process.env.PICTURES;
let browser, joint, a, b, operation;

before(async () => {
  if (skip) return;
  joint = await openJoint(['City', '机场分局']);
  [a, b] = joint.agencies;
  operation = await joined([a, b]);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await joint?.close();
});

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
}

test('what one agency lacks another brings, and both see what waits for whom', { skip, timeout: 12 * BOUND_MS }, async () => {
  const [here, there] = [await openSeat(browser, a.house, a.duty, '/support'), await openSeat(browser, b.house, b.duty, '/support/catalogue', { locale: 'zh-CN' })];
  const [city, airport] = [here.page, there.page];

  await airport.getByRole('button', { name: '登记能力' }).click();
  await airport.getByLabel('能力代码').fill('drone');
  await airport.getByLabel('名称', { exact: true }).fill('无人机');
  await airport.getByLabel('另一语言的名称').fill('Drone');
  await airport.getByLabel('数量').fill('2');
  await airport.getByLabel('席位或值班台').fill('空中支援台');
  await airport.getByLabel('电话或频道').fill('8110');
  await picture(airport, 'support-catalogue-form-zh');
  await airport.getByRole('button', { name: '保存' }).click();
  await airport.getByText('当前值守：空中支援台').waitFor();
  await airport.getByRole('button', { name: /成员可见/ }).click();
  await airport.getByRole('button', { name: /✓ .*成员可见/ }).waitFor();

  await city.getByRole('button', { name: 'Ask for support' }).click();
  await city.getByRole('button', { name: 'Drone' }).click();
  await city.getByLabel('How many').fill('2');
  await city.getByLabel('What for').fill('Search of the river bank');
  await city.getByLabel('What is needed and why').fill('Two children, seven and nine, seen last at the weir.');
  await city.getByLabel('Asked of').selectOption({ index: 1 });
  // Whoever looks at another page meanwhile finds what was typed.
  await city.getByRole('button', { name: 'Statistics' }).click();
  await city.getByRole('button', { name: 'Ask for support' }).click();
  await city.getByText(/^↷ Kept from \d\d:\d\d/).waitFor();
  assert.equal(await city.getByLabel('What for').inputValue(), 'Search of the river bank');
  assert.equal(await city.getByLabel('How many').inputValue(), '2');
  await picture(city, 'support-ask-en');
  await access(city, 'asking');
  await city.getByRole('button', { name: 'Ask', exact: true }).click();
  await city.getByText(/Nobody has answered for/).waitFor();
  assert.equal(await city.evaluate(() => Object.keys(localStorage).some((name) => name.startsWith('watchfire.typed.'))), false, 'what was sent is not kept');
  await city.getByText('空中支援台').waitFor();

  // The other agency sees on any page that somebody waits for it.
  await airport.getByRole('link', { name: /待我方响应/ }).click();
  await airport.getByText('Two children, seven and nine').waitFor();
  await picture(airport, 'support-to-answer-zh');
  await access(airport, '待响应');
  await airport.getByLabel('到位（分钟）').fill('15');
  await airport.getByRole('button', { name: '提供支撑' }).click();
  await airport.getByText('已响应', { exact: true }).first().waitFor();

  await city.getByRole('button', { name: /^Accept/ }).waitFor();
  await picture(city, 'support-to-accept-en');
  await city.getByRole('button', { name: /^Accept/ }).click();
  await city.getByText('promised', { exact: true }).first().waitFor();
  await airport.getByRole('button', { name: '已到位' }).click();
  await city.getByText('delivered', { exact: true }).waitFor();
  await picture(city, 'support-there-en');
  await city.getByRole('button', { name: /^Need met…/ }).click();
  await city.getByRole('button', { name: /^Need met \d/ }).click();
  await city.getByText(/closed, met/).first().waitFor();

  await airport.getByText('请求方已释放，尚未归还。').waitFor();
  await picture(airport, 'support-to-return-zh');
  await airport.getByRole('button', { name: '已归还' }).click();
  await until(async () => (await b.duty.get('/support')).elsewhere[0].answers[0].stage === 'returned', 'it is back');

  await city.getByRole('button', { name: 'Statistics' }).click();
  await city.getByRole('row', { name: /Drone 1 1 1/ }).waitFor();
  await access(city, 'statistics');
  await city.goto(`${a.house.url.replace(/\/$/, '')}/operations/${operation}`);
  await city.getByRole('link', { name: /City: Drone × 2/ }).waitFor();

  const phone = await openSeat(browser, b.house, b.duty, '/support', { locale: 'zh-CN', width: 390, height: 844 });
  await phone.page.getByText('他方请求').waitFor();
  await access(phone.page, '窄屏');
  await picture(phone.page, 'support-narrow-zh');
  assert.deepEqual([...here.errors, ...there.errors, ...phone.errors], []);
  for (const each of [here, there, phone]) await each.close();
});

test('whoever only reads sees support without names and without a button to act', { skip, timeout: 6 * BOUND_MS }, async () => {
  const analyst = await a.house.person({ login: 'analyst', seats: ['analyst'] });
  const seat = await openSeat(browser, a.house, analyst, '/support');
  await seat.page.getByRole('button', { name: /Drone × 2/ }).click();
  await seat.page.getByText('Search of the river bank').first().waitFor();
  assert.equal(await seat.page.getByText('Two children').count(), 0);
  assert.equal(await seat.page.getByRole('button', { name: 'Ask for support' }).count(), 0);
  assert.deepEqual(seat.errors, []);
  await seat.close();
});
