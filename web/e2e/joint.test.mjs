// Stories of several agencies: two are made peers by people who compare a code; they raise an operation, share, sign, ask and
// answer; the line between them is cut and heals. Each agency is a node of its own, and each person has a browser of theirs.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { openJoint } from './joint.mjs';
import { openHouse, skip_house as skip } from './house.mjs';
import { BOUND_MS, access, openSeat } from './seat.mjs';

let browser;
const open = [];

before(async () => {
  if (!skip) browser = await launch();
});
after(async () => {
  await browser?.close();
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** Opens agencies that are closed after the story. */
async function agencies(names, options) {
  const joint = await openJoint(names, options);
  open.push(joint);
  return joint.agencies;
}

/** Opens a seat for a duty officer of an agency, or whom `by` names. */
async function seat(agency, path, { by = agency.duty, ...more } = {}) {
  const opened = await openSeat(browser, agency.house, by, path, more);
  open.push(opened);
  return opened;
}

const LONG = { skip, timeout: 10 * BOUND_MS };

/** Invites on one page and accepts on the other, and waits until both show the same code. */
async function upToTheCode(a, b) {
  await a.getByRole('button', { name: 'Invite an agency' }).click();
  const text = await a.getByLabel('The invitation').inputValue();
  await b.getByRole('button', { name: '接受邀请…' }).click();
  await b.getByLabel('对方机构提供的邀请码文本').fill(text);
  await b.getByRole('button', { name: '接受并联络对方' }).click();
  await a.getByText('Read this code to each other').waitFor();
  await b.getByText('请在电话中逐组互读核对码').waitFor();
  const code = (page, name) => page.getByLabel(name, { exact: true }).innerText();
  const [here, there] = [await code(a, 'Comparison code'), await code(b, '核对码')];
  assert.match(here.replace(/\s+/g, ' ').trim(), /^\d{3} \d{3} \d{3} \d{3}$/);
  assert.equal(here.replace(/\s/g, ''), there.replace(/\s/g, ''), 'both screens show the same code');
}

test('two people make two nodes peers: one invites, the other accepts, they compare a code by telephone', LONG, async () => {
  const [city, airport] = await agencies(['City', '机场公安'], { enrolled: false });
  const { page: a, errors } = await seat(city, '/peers');
  const { page: b } = await seat(airport, '/peers', { locale: 'zh-CN' });
  await a.getByText('A peer is the node of another agency').waitFor();
  await b.getByText('尚无对等节点').waitFor();
  await access(a, 'no peer yet');
  // A text that is none is refused in words before anybody is called.
  await b.getByRole('button', { name: '接受邀请…' }).click();
  await b.getByLabel('对方机构提供的邀请码文本').fill('hello');
  await b.getByRole('button', { name: '接受并联络对方' }).click();
  await b.getByRole('alert').filter({ hasText: '这不是邀请码' }).waitFor();
  await b.getByRole('button', { name: '接受邀请…' }).click();

  await upToTheCode(a, b);
  assert.equal(await a.getByLabel('The invitation').count(), 0, 'an invitation that was used is not shown any more');
  await access(a, 'the code');
  for (const [page, width] of [[a, 390], [b, 390], [a, 1440], [b, 1440]]) {
    await page.setViewportSize({ width, height: 844 });
    await access(page, `the code at ${width}`);
  }
  await a.getByRole('button', { name: 'It is the same there: confirm' }).click();
  await a.getByText('Confirmed here. Waiting for the person there.').waitFor();
  assert.equal((await city.duty.get('/peers')).peers.length, 0, 'one yes makes no peer');
  await b.getByText('对方已确认').waitFor();
  await b.getByRole('button', { name: '两边一致，确认' }).click();
  for (const [page, name] of [[a, '机场公安'], [b, 'City']]) {
    await page.getByRole('article', { name, exact: true }).getByText(/^●\s*(up|畅通)/).waitFor();
  }
  await a.getByText('You are peers now').waitFor();
  await access(b, 'a peer');

  // Named otherwise, shut out and let in again, with a reason that stays on the screen.
  await a.getByRole('button', { name: 'Name, addresses… 机场公安' }).click();
  await a.getByLabel('What people here call it').fill('Airport police');
  await a.getByRole('button', { name: 'Change', exact: true }).click();
  const card = a.getByRole('article', { name: 'Airport police', exact: true });
  await card.getByRole('button', { name: 'Shut out… Airport police' }).click();
  await card.getByLabel('Why nothing is to be taken').fill('their notebook was stolen');
  await card.getByRole('button', { name: 'Shut out at once' }).click();
  await card.getByText('their notebook was stolen').waitFor();
  await b.getByRole('article', { name: 'City', exact: true }).getByText(/⊘\s*中断/).waitFor();
  await access(a, 'a peer that is shut out');
  await card.getByRole('button', { name: 'Let in again Airport police' }).click();
  await card.getByText(/^●\s*up/).waitFor();
  assert.deepEqual(errors, []);
});

test('a wrong code and a code that differs make no peers, and both sides are told in words', LONG, async () => {
  const [city, airport] = await agencies(['City', '机场公安'], { enrolled: false });
  const { page: a } = await seat(city, '/peers');
  const { page: b } = await seat(airport, '/peers', { locale: 'zh-CN' });
  await upToTheCode(a, b);
  // What the page sends is what it shows; a page that was left standing may show an old one.
  await a.route('**/peers/enrolments/*', async (route) => {
    const said = route.request().postDataJSON();
    if (said.do !== 'confirm') return route.continue();
    return route.continue({ postData: JSON.stringify({ ...said, code: said.code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)) }) });
  });
  await a.getByRole('button', { name: 'It is the same there: confirm' }).click();
  await a.getByRole('alert').filter({ hasText: 'That is not the code that is shown now. Nothing was confirmed.' }).waitFor();
  await b.getByRole('button', { name: '不一致，或不予登记' }).click();
  await b.getByRole('alert').filter({ hasText: '我方未予确认' }).waitFor();
  await a.getByRole('alert').filter({ hasText: 'It was refused there' }).waitFor();
  for (const each of [city, airport]) assert.deepEqual((await each.duty.get('/peers')).peers, []);
  await access(b, 'refused');
});

test('a crew and a volunteer do not see the pages, a node without a line says what to set, an administrator needs no board', LONG, async () => {
  const [city] = await agencies(['City'], { enrolled: false });
  const alone = await openHouse({ name: 'Alone' });
  open.push(alone);
  const { page: lonely } = await openSeat(browser, alone, await alone.person({ login: 'duty', seats: ['duty_officer'] }), '/peers', { locale: 'zh-CN' });
  await lonely.getByText('listen = "0.0.0.0:8441"').waitFor();
  assert.equal(await lonely.getByRole('button', { name: '邀请其他机构' }).count(), 0);
  await access(lonely, 'a node that speaks with nobody');
  await lonely.context().close();
  const crew = await city.house.person({ login: 'crew', seats: ['crew'], unit: city.units[0].id });
  for (const path of ['/operations', '/peers']) {
    const { page } = await seat(city, path, { by: crew, live: false });
    await page.getByText('A1').first().waitFor();
    assert.equal(await page.getByRole('heading', { name: /Operations|Peers|This node/ }).count(), 0, path);
    assert.equal(await page.getByRole('link', { name: /Operations|Peers/ }).count(), 0, path);
  }
  const team = await city.house.unit({ callsign: 'N1' });
  const volunteer = await city.house.person({ login: 'lin', seats: ['volunteer'], unit: team.id });
  const { page: phone, asked } = await seat(city, '/operations', { by: volunteer, live: false });
  await phone.getByRole('heading', { name: 'N1' }).waitFor();
  assert.ok(asked.every((url) => !/\/api\/v1\/(operations|peers|board|stream)/.test(url)), asked.join('\n'));
  const admin = await city.house.person({ login: 'keeper', seats: ['administrator'] });
  const { page } = await seat(city, '/', { by: admin, width: 390, height: 844 });
  await page.getByRole('heading', { name: /This node: City/ }).waitFor();
  await page.getByRole('button', { name: 'Invite an agency' }).click();
  await page.getByLabel('The invitation').waitFor();
  await access(page, 'an administrator on a narrow screen');
  // The keys of the tabs lead here as to every other seat.
  const { page: desk } = await seat(city, '/dispatch');
  await desk.keyboard.press('Alt+4');
  await desk.getByText('Choose an operation, or raise one.').waitFor();
});
