// Stories of the seats themselves: which tabs a person has, that each is an address, and that windows of one browser stay in
// step or go their own way. They have a node of their own and wait for conditions with a bound.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip } from './house.mjs';
import { access, liveAgain, openSeat } from './seat.mjs';

let browser, house, dispatcher;
const people = {};

before(async () => {
  if (skip) return;
  house = await openHouse({ name: 'Fushan' });
  for (const seat of ['dispatcher', 'call_taker', 'duty_officer', 'overseer', 'analyst', 'wall']) people[seat] = await house.person({ login: seat, seats: [seat] });
  dispatcher = people.dispatcher;
  await house.unit({ callsign: 'E1' });
  await house.unit({ callsign: 'E2', lat: 30.01 });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.close();
});

const tabs = async (page, name) => {
  const nav = page.getByRole('navigation', { name });
  await nav.waitFor();
  return nav.getByRole('link').allInnerTexts();
};

for (const [seat, wanted] of [
  ['dispatcher', ['Calls', 'Dispatch', 'Watch', 'Directives', 'Operations', 'Support', 'Playbooks', 'Assessment', 'Patrols', 'After-action', 'Monitoring', 'Figures', 'Peers', 'Wall']],
  ['call_taker', ['Calls', 'Dispatch', 'Watch', 'Assessment', 'After-action', 'Wall']],
  ['duty_officer', ['Calls', 'Dispatch', 'Duty', 'Watch', 'Directives', 'Settlement', 'Operations', 'Support', 'Playbooks', 'Assessment', 'Patrols', 'After-action', 'Monitoring', 'Figures', 'Peers', 'Wall']],
  ['overseer', ['Dispatch', 'Watch', 'Directives', 'Settlement', 'Operations', 'Support', 'Playbooks', 'Assessment', 'After-action', 'Monitoring', 'Figures', 'Peers', 'Wall']],
  ['analyst', ['Dispatch', 'Watch', 'Directives', 'Operations', 'Support', 'Playbooks', 'Assessment', 'After-action', 'Monitoring', 'Figures', 'Wall']],
]) {
  test(`the tabs of the seat ${seat} are what it may do, and its first is what opens`, { skip }, async () => {
    const { page, close } = await openSeat(browser, house, people[seat], '/');
    assert.deepEqual(await tabs(page, 'Seats'), wanted);
    assert.equal(await page.getByRole('link', { name: wanted[0], exact: true }).getAttribute('aria-current'), 'page');
    await close();
  });
}

test('a wall opens the wall, and nothing on it can be touched', { skip }, async () => {
  const { page, close } = await openSeat(browser, house, people.wall, '/');
  await page.getByRole('region', { name: 'Six figures' }).waitFor();
  assert.equal(await page.getByRole('button').count(), 0);
  assert.equal(await page.getByRole('navigation').count(), 0);
  await close();
});

test('an overseer sees all and is offered nothing that changes it', { skip }, async () => {
  const incident = await house.incident(dispatcher, { address: 'Overseen Street 1' });
  const { page, close } = await openSeat(browser, house, people.overseer, '/dispatch');
  await page.getByRole('button', { name: /Overseen Street 1/ }).first().click();
  await page.getByRole('article').getByText('Overseen Street 1').waitFor();
  assert.equal(await page.getByRole('group', { name: 'What can be done with this incident' }).count(), 0);
  assert.equal(await page.getByRole('button', { name: /^Send recommended/ }).count(), 0);
  await dispatcher.post(`/incidents/${incident.id}/cancel`, { reason: 'the story is over' });
  await close();
});

test('每个席位都有自己的地址：刷新后仍在原席位，后退回到上一席位', { skip }, async () => {
  const { page, close } = await openSeat(browser, house, people.duty_officer, '/dispatch', { locale: 'zh-CN' });
  assert.deepEqual(await tabs(page, '席位'), ['接警', '指挥', '值班', '值守', '指令', '日清日结', '合成作战', '支撑', '预案', '研判会商', '巡逻', '复盘', '监测', '统计', '对等节点', '大屏']);
  for (const [name, path] of [['值班', '/duty'], ['统计', '/figures'], ['复盘', '/review'], ['接警', '/take']]) {
    await page.getByRole('link', { name, exact: true }).click();
    await page.waitForURL((url) => url.pathname === path);
    assert.match(await page.title(), new RegExp(`${name} · Fushan`));
    await page.reload();
    await liveAgain(page);
    assert.equal(await page.getByRole('link', { name, exact: true }).getAttribute('aria-current'), 'page');
  }
  await page.goto(`${house.url}/dispatch`);
  await liveAgain(page);
  await page.keyboard.press('Alt+3');
  await page.waitForURL((url) => url.pathname === '/duty');
  await page.goBack();
  await page.waitForURL((url) => url.pathname === '/dispatch');
  await close();
});

test('a second window of the browser is in step: what is selected in one is selected in the other, until it goes its own way', { skip }, async () => {
  const [one, two] = [await house.incident(dispatcher, { address: 'First Street 1' }), await house.incident(dispatcher, { address: 'Second Street 2', lat: 30.02 })];
  const first = await openSeat(browser, house, dispatcher, '/dispatch');
  const popup = first.context.waitForEvent('page');
  await first.page.getByRole('button', { name: 'Open this seat in a second window' }).click();
  const second = await popup;
  await liveAgain(second);
  const select = (page, street) => page.getByRole('button', { name: new RegExp(street) }).first().click();
  const shows = (page, street) => page.getByRole('region', { name: 'Selected' }).getByText(street).first().waitFor();
  await select(first.page, 'First Street 1');
  await shows(second, 'First Street 1');
  await select(second, 'Second Street 2');
  await shows(first.page, 'Second Street 2');
  const step = second.getByRole('button', { name: 'In step with the other windows' });
  assert.equal(await step.getAttribute('aria-pressed'), 'true');
  await step.click();
  await select(first.page, 'First Street 1');
  await shows(first.page, 'First Street 1');
  await shows(second, 'Second Street 2');
  // What was chosen stays with the window.
  await second.reload();
  await liveAgain(second);
  assert.equal(await second.getByRole('button', { name: 'In step with the other windows' }).getAttribute('aria-pressed'), 'false');
  for (const each of [one, two]) await dispatcher.post(`/incidents/${each.id}/cancel`, { reason: 'the story is over' });
  await first.close();
});

test('语言一键切换，且不留另一种语言', { skip }, async () => {
  const { page, close } = await openSeat(browser, house, dispatcher, '/dispatch', { locale: 'en-US' });
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await page.getByRole('button', { name: '中文' }).press('Enter');
  await page.getByRole('heading', { name: /未结警情/ }).waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
  for (const name of ['警情', '处警力量']) assert.doesNotMatch(await page.getByRole('region', { name, exact: true }).innerText(), /[a-z]{3}/i);
  await page.reload();
  await page.getByRole('heading', { name: /未结警情/ }).waitFor();
  await close();
});

test('F1 shows the keys and Escape puts them away', { skip }, async () => {
  const { page, close } = await openSeat(browser, house, dispatcher, '/dispatch');
  await page.keyboard.press('F1');
  const card = page.getByRole('dialog', { name: 'Keys' });
  await card.getByText('Ctrl+Enter').waitFor();
  await access(page, 'keys');
  await page.keyboard.press('Escape');
  await card.waitFor({ state: 'hidden' });
  await close();
});

test('somebody who is not signed in gets the door, with a way in for a one-time code', { skip }, async () => {
  const { page, close } = await openSeat(browser, house, null, '/dispatch', { live: false });
  await page.getByLabel('Sign-in name').waitFor();
  await page.getByRole('button', { name: 'One-time code' }).click();
  await page.getByLabel('New password').waitFor();
  await access(page, 'door');
  await close();
});
