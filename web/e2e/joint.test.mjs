// Stories of several agencies: two are made peers by people who compare a code; they raise an operation, share, sign, ask and
// answer; the line between them is cut and heals. Each agency is a node of its own, and each person has a browser of theirs.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { joined, lineIs, openJoint, openRelay } from './joint.mjs';
import { openHouse, skip_house as skip } from './house.mjs';
import { BOUND_MS, access, openSeat, until } from './seat.mjs';

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
  await desk.keyboard.press('Alt+7');
  await desk.getByText('Choose an operation, or raise one.').waitFor();
});

/** The card of an incident on the page of an operation. */
const card = (page, name) => page.getByRole('article', { name, exact: true });

test('an operation is raised, a peer is called in and joins, an incident is shared, and four steps of delivery appear', LONG, async () => {
  const [city, airport] = await agencies(['City', 'Airport']);
  const incident = await city.incident({ address: 'Fushan Street 9' });
  const { page: a, errors } = await seat(city, '/operations');
  const { page: b } = await seat(airport, '/operations');
  await a.getByRole('button', { name: 'Raise an operation' }).click();
  await a.getByLabel('Name', { exact: true }).fill('Parcel');
  await a.getByLabel('What it is for').fill('stop a parcel');
  await a.getByLabel('Legal basis').fill('art. 54');
  await a.getByLabel('Handling').selectOption('not_as_evidence');
  await a.getByLabel('It is an exercise').check();
  await access(a, 'raising');
  await a.keyboard.press('Tab');
  await a.getByRole('button', { name: 'Raise it' }).click();
  await a.getByRole('heading', { name: 'Parcel' }).waitFor();
  await a.getByText('EXERCISE').first().waitFor();
  await a.getByRole('button', { name: 'Call a peer in…' }).click();
  await a.getByLabel('Whom').selectOption({ label: 'Airport' });
  await a.getByLabel('What it is to do').fill('hold the gate');
  await a.getByRole('button', { name: 'Call in', exact: true }).click();
  await a.getByText('invitation sent, not answered').waitFor();

  const invitation = b.getByRole('list', { name: 'Invitations' });
  await invitation.getByText('City calls you into “Parcel”').waitFor();
  await invitation.getByText('not as evidence without permission').waitFor();
  await access(b, 'an invitation');
  await invitation.getByRole('button', { name: 'Join' }).click();
  await b.getByRole('heading', { name: 'Parcel', level: 2 }).waitFor();

  await a.getByRole('button', { name: 'Share incidents and units…' }).click();
  const form = a.getByRole('form', { name: 'Share incidents and units…' });
  await form.getByLabel(/#1 .*Fushan Street 9/).check();
  await form.getByLabel('What others may do').selectOption({ label: 'see it, and ask us to act' });
  await access(a, 'sharing');
  await form.getByRole('button', { name: 'Share 1' }).click();
  const ours = card(a, 'City #1');
  await ours.getByText('durable here').waitFor();
  await ours.getByText('held by 1 of 1 peers').waitFor();
  // It was on their screen for a second, and nobody has signed for it yet.
  const theirs = card(b, 'City #1');
  await theirs.getByText('copy, live').waitFor();
  await ours.getByRole('row', { name: /^Airport ✓ yes ✓ [\d:]+ ○ not yet$/ }).waitFor();
  await access(b, 'the incident of another home');
  await theirs.getByRole('button', { name: 'Sign for it City #1' }).click();
  await theirs.getByText(/^✓ signed here/).waitFor();
  await ours.getByRole('row', { name: /^Airport ✓ yes ✓ [\d:]+ ✓ [\d:]+$/ }).waitFor();
  await access(a, 'four steps');

  // What is said afterwards stands at the other side, and is signed for too.
  await a.getByLabel('Write to the log (Enter sends)').fill('Gate 3 is open');
  await a.keyboard.press('Enter');
  await b.getByRole('region', { name: 'Log' }).getByText('Gate 3 is open').waitFor();
  await b.getByRole('button', { name: /^Sign for it City \d/ }).click();
  await a.getByRole('region', { name: 'Log' }).getByText('signed by 1').waitFor();
  await city.dispatcher.post(`/incidents/${incident.id}/notes`, { text: 'the parcel is silver' });
  await theirs.getByText('the parcel is silver').waitFor();
  // A version that nobody has signed for is not called signed.
  await theirs.getByRole('button', { name: 'Sign for it City #1' }).waitFor();
  assert.deepEqual(errors, []);
});

test('a hidden window shows nothing to anybody, and a page that is left before a second has not shown it', LONG, async () => {
  const [city, airport] = await agencies(['City', 'Airport']);
  const joint = await joined([city, airport]);
  const incident = await city.incident();
  const { page, asked } = await seat(airport, `/operations/${joint}`, {
    before: (fresh) => fresh.addInitScript(() => Object.defineProperty(document, 'visibilityState', { get: () => window.hidden_for_story === false ? 'visible' : 'hidden' })),
  });
  await city.step(joint, { do: 'share', record: `incident:${incident.id}` });
  await card(page, 'City #1').waitFor();
  await page.waitForTimeout(1_500);
  const shows = () => asked.filter((url) => url.endsWith('/steps')).length;
  assert.equal(shows(), 0, 'a hidden window');
  await page.evaluate(() => {
    window.hidden_for_story = false;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await until(async () => (await city.operation(joint)).incidents[0].delivery[0].shown_at !== null, 'it was shown');
  await page.waitForTimeout(1_500);
  assert.equal(shows(), 1, 'once for each version');
});

test('a unit of another home is asked for, an incident of their own is opened, and the unit is on its way', LONG, async () => {
  const [city, airport] = await agencies(['City', 'Airport']);
  const joint = await joined([city, airport]);
  const [fire, truck] = [await city.incident({ address: 'Fushan Street 9' }), airport.units[2]];
  await city.step(joint, { do: 'share', record: `incident:${fire.id}`, with_response: true });
  await airport.step(joint, { do: 'share', record: `unit:${truck.id}`, assist: true });
  const { page: a } = await seat(city, `/operations/${joint}`);
  const { page: b } = await seat(airport, `/operations/${joint}`);
  await a.getByRole('button', { name: 'Ask for it… B3' }).click();
  const form = a.getByRole('form', { name: 'Ask for it… B3' });
  await form.getByLabel('To which incident of ours').selectOption({ index: 1 });
  await form.getByLabel('What they should know').fill('the roof is high');
  await access(a, 'asking');
  await form.getByRole('button', { name: 'Ask', exact: true }).click();
  await a.getByText('Provisional: a wish until its home answers.').waitFor();
  const ask = b.getByRole('region', { name: 'Requests between homes' });
  await ask.getByText('“the roof is high”').waitFor();
  await access(b, 'a request for us');
  await ask.getByRole('button', { name: 'Open one of ours for it, and send' }).click();
  await ask.getByText('accepted by its home').waitFor();
  await a.getByRole('region', { name: 'Requests between homes' }).getByText('accepted by its home').waitFor();
  await a.getByRole('listitem', { name: 'Airport B3' }).getByText(/accepted by its home: send B3/).waitFor();
  // Their incident was opened for ours, paired with it, and shared with its response: ours sees the unit on its way.
  const [own] = (await airport.duty.get('/board')).incidents;
  assert.deepEqual(own.pairs, [{ node: city.node, incident: fire.id }]);
  await card(b, 'City #1').getByText('Paired with our #1 (assigned).').waitFor();
  await card(a, 'Airport #1').getByText('B3').waitFor();
  // It is taken back, and put together again by hand: the page finds the one nearby by itself.
  await card(b, 'City #1').getByRole('button', { name: 'Unpair City #1' }).click();
  await card(b, 'City #1').getByText('Perhaps the same situation as ours:').waitFor();
  await access(b, 'a pair that is suggested');
  await card(b, 'City #1').getByRole('button', { name: 'Pair with #1' }).click();
  await card(b, 'City #1').getByText('Paired with our #1').waitFor();
  // A second request is refused with a reason, which the asker reads.
  await city.step(joint, { do: 'ask', node: airport.node, record: `unit:${truck.id}`, what: 'send', incident: fire.id });
  await ask.getByRole('button', { name: 'No… City' }).click();
  await ask.getByLabel('Why not').fill('it is there already');
  await ask.getByRole('button', { name: 'Say no' }).click();
  await a.getByText('it is there already').waitFor();
});

/** What the page sounded last, since it was asked for silence. */
const silence = (page) => page.evaluate(() => (document.documentElement.dataset.sound = ''));
const sounded = (page) => page.evaluate(() => document.documentElement.dataset.sound);
const band = (page) => page.getByRole('region', { name: /^(Lines to members of our operations|与行动成员的线路)$/ });
const healed = (page) => page.getByRole('region', { name: /^(Lines that came back|已恢复的线路)$/ });

test('断线：双方席位显示失联横幅，各自照常处置；恢复后各得一条小结，无提示音', LONG, async () => {
  // No alarm of any other kind comes between.
  const [city, airport] = await agencies(['城区分局', 'Airport'], { settings: { timers: { unassigned_s: [3600, 3600, 3600, 3600], call_waiting_s: 3600 } } });
  const line = await openRelay(city, airport);
  const joint = await joined([city, airport], { name: '跨区包裹' });
  const [fire, alarm] = [await city.incident({ address: '浮山街9号' }), await airport.incident({ address: 'Terminal 2', category: 'outside_fire' })];
  await city.step(joint, { do: 'share', record: `incident:${fire.id}`, assist: true, with_response: true });
  await airport.step(joint, { do: 'share', record: `incident:${alarm.id}`, with_response: true });
  await until(async () => (await city.operation(joint)).incidents.length === 2, 'both are shared');
  const { page: a, errors } = await seat(city, '/dispatch', { locale: 'zh-CN' });
  const { page: b } = await seat(airport, '/duty');
  const wall = await city.house.person({ login: 'wall', seats: ['wall'] });
  const { page: c } = await seat(city, '/wall', { by: wall, locale: 'zh-CN', width: 1920, height: 1080 });
  await c.getByRole('region', { name: '合成作战' }).getByText('● Airport').waitFor();

  line.cut();
  await band(a).getByText(/⊘ Airport 自 [\d:]+ 起失联。/).waitFor();
  await band(a).getByText('其 1 条共享记录可能已过时。').waitFor();
  await band(b).getByText(/⊘ 城区分局 cannot be reached since [\d:]+\./).waitFor();
  await band(c).getByText(/⊘ Airport 自/).waitFor();
  await c.getByRole('region', { name: '合成作战' }).getByText(/⊘ \d+ \S+ Airport/).waitFor();
  for (const [page, where] of [[a, 'dispatch'], [b, 'duty'], [c, 'wall']]) await access(page, `cut: ${where}`);
  await a.setViewportSize({ width: 390, height: 844 });
  await access(a, 'cut, narrow');
  await a.setViewportSize({ width: 1440, height: 900 });
  // On the wall nothing of it is smaller than can be read from eight metres, or cut off.
  for (const width of [1920, 3840]) {
    await c.setViewportSize({ width, height: 1080 });
    const found = await c.getByRole('region', { name: '合成作战' }).or(band(c)).evaluateAll((all) => all.flatMap((region) => [...region.querySelectorAll('p, h2, span, strong')].map((each) => ({
      text: each.textContent.trim(), px: parseFloat(getComputedStyle(each).fontSize), over: each.scrollHeight - each.clientHeight > 4 && getComputedStyle(each).display !== 'inline',
    }))));
    assert.ok(found.length > 4);
    for (const { text, px, over } of found) assert.ok(px >= 33 && !over, `${width}: ${text} is ${px} px${over ? ', cut off' : ''}`);
  }
  // One soft sound when it has been down for half a minute; nothing but that.
  for (const page of [a, b]) await silence(page);
  await until(async () => (await sounded(a)) === 'line_down' && (await sounded(b)) === 'line_down', 'the line is heard to be down', 60_000);
  for (const page of [a, b]) await silence(page);

  // Both go on: neither waits for the other.
  await airport.dispatcher.post(`/incidents/${alarm.id}/notes`, { text: 'gate 3 is closed' });
  await airport.step(joint, { do: 'ask', node: city.node, record: `incident:${fire.id}`, what: 'attend', text: 'keep the road free' });
  await city.house.send(city.dispatcher, fire.id, [city.units[0].id]);
  await a.goto(`${city.house.url}/operations/${joint}`);
  await silence(a);
  const shared = card(a, 'Airport #1');
  await shared.getByText(/△ 线路中断：截至 [\d:]+/).waitFor();
  assert.equal(await shared.getByText('gate 3 is closed').count(), 0);
  await card(a, '城区分局 #1').getByRole('row', { name: /Airport ⊘ 截至/ }).waitFor();
  await access(a, 'the operation in a cut');

  line.heal();
  for (const page of [a, b]) await band(page).waitFor({ state: 'hidden' });
  await shared.getByText('gate 3 is closed').waitFor();
  await healed(a).getByText(/与 Airport 的线路中断 .*后恢复： 期间变化 \d+ 项/).waitFor();
  await healed(b).getByText(/Line to 城区分局 back after .*: \d+ things? changed/).waitFor();
  await healed(a).locator('summary').click();
  await healed(a).getByRole('listitem').filter({ hasText: '警情 1' }).first().waitFor();
  await access(a, 'healed');
  // The request that waited for the line is news here, and heard as such; the summary itself is not heard.
  assert.equal(await sounded(b), '', 'nothing is heard of a line that is back');
  await healed(a).getByRole('button', { name: /^收起/ }).click();
  await healed(a).waitFor({ state: 'hidden' });
  await a.reload();
  await card(a, 'Airport #1').waitFor();
  assert.equal(await healed(a).count(), 0, 'what was put away stays away');
  assert.deepEqual(errors, []);
});

test('a promise that was not kept is a clash that both sides are told loudly, until it is read', LONG, async () => {
  const [city, airport] = await agencies(['City', 'Airport']);
  const line = await openRelay(city, airport);
  const joint = await joined([city, airport]);
  const [fire, truck] = [await city.incident(), airport.units[2]];
  await city.step(joint, { do: 'share', record: `incident:${fire.id}`, with_response: true });
  await airport.step(joint, { do: 'share', record: `unit:${truck.id}`, assist: true });
  await airport.step(joint, { do: 'lend', unit: truck.id, node: city.node, minutes: 60 });
  await until(async () => (await city.operation(joint)).units.some((unit) => unit.loan), 'the loan is known');
  const { page: a } = await seat(city, '/dispatch');
  const { page: b } = await seat(airport, '/duty');
  line.cut();
  await lineIs(city, airport, 'cut');
  await airport.house.admin.post(`/units/${truck.id}/out-of-service`, { reason: 'its pump failed' });
  await city.step(joint, { do: 'ask', node: airport.node, record: `unit:${truck.id}`, what: 'send', incident: fire.id });
  for (const page of [a, b]) await silence(page);
  line.heal();
  for (const page of [a, b]) {
    await page.getByRole('link', { name: /1 clash/ }).waitFor();
    await until(async () => (await sounded(page)) === 'grave_alarm', 'a clash is heard');
  }
  await access(a, 'a clash in the top line');
  await a.getByRole('link', { name: /1 clash/ }).click();
  await a.getByRole('alert').filter({ hasText: 'Its home could not keep what it had promised' }).waitFor();
  await access(a, 'a clash');
  await a.getByRole('button', { name: 'Dismiss CLASH' }).click();
  await a.getByRole('link', { name: /1 clash/ }).waitFor({ state: 'hidden' });
});

/** Lets a page believe that every request between homes was sent at another time, whichever way it comes. */
async function arriveLate(page, sent_at) {
  const aged = (text) => text.replace(/"sent_at":"20[^"]*","expires_at"/g, `"sent_at":"${sent_at}","expires_at"`);
  for (const path of ['board', 'operations']) {
    await page.route(`**/api/v1/${path}`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: aged(await response.text()) });
    });
  }
  await page.addInitScript((at) => {
    const Real = window.EventSource;
    window.EventSource = class extends Real {
      addEventListener(name, listener) {
        const late = (text) => text.replace(/"sent_at":"20[^"]*","expires_at"/g, `"sent_at":"${at}","expires_at"`);
        super.addEventListener(name, ({ data, lastEventId }) => listener(new MessageEvent(name, { data: late(data), lastEventId })));
      }
    };
  }, sent_at);
}

test('another agency answers a directive on its own screens, with a file as proof, and the issuer sees whose it is', LONG, async () => {
  const [city, airport] = await agencies(['City', '机场公安']);
  const joint = await joined([city, airport], { name: 'Joint gates' });
  const issued = await city.duty.post('/directives', {
    kind: 'task', priority: 2, subject: 'Shut the east gate', text: 'Nobody in until the fire is out', to: [{ is: 'everyone' }], operation: joint,
  });
  const { page: b, errors } = await seat(airport, `/directives/${issued.id}`, { locale: 'zh-CN' });
  await b.getByText('Nobody in until the fire is out').waitFor();
  await b.getByRole('button', { name: '签收' }).click();
  await b.getByRole('button', { name: /上传附件…/ }).click();
  await b.getByLabel('附件说明').fill('东门照片');
  await b.getByLabel('文件').setInputFiles({ name: 'gate.txt', mimeType: 'text/plain', buffer: Buffer.from('shut at ten') });
  await b.getByRole('button', { name: '上传附件', exact: true }).click();
  await b.getByRole('link', { name: /东门照片/ }).waitFor();
  await access(b, 'the answer with a file');

  const { page: a } = await seat(city, `/directives/${issued.id}`);
  const file = a.getByRole('listitem').filter({ has: a.getByRole('link', { name: /东门照片/ }) });
  await file.getByText(/机场公安 · proof of item 1/).waitFor();
  const got = await a.request.get(new URL(await file.getByRole('link').getAttribute('href'), a.url()).href);
  assert.equal(await got.text(), 'shut at ten');
  await access(a, 'a file of another agency');
  assert.deepEqual(errors, []);

  // The operation's book has what this agency gave, and names each member whose own book of the day is not signed yet.
  await a.goto(new URL('/settlement', a.url()).href);
  await a.getByRole('combobox', { name: /^Book/ }).selectOption({ label: 'Joint gates' });
  await a.getByLabel('Day that ends on').fill(new Date(Date.now() + 24 * 3_600_000).toISOString().slice(0, 10));
  await a.getByText('directive #1 Shut the east gate').waitFor();
  const member = a.getByRole('row', { name: /机场公安/ });
  await member.getByText('◌').waitFor();
  await access(a, 'the book of an operation');
});

test('an invitation is heard by who can answer it and leads to itself; an incident is shared from its own pane', LONG, async () => {
  // No alarm of any other kind comes between.
  const [city, airport] = await agencies(['City', 'Airport'], { settings: { timers: { unassigned_s: [3600, 3600, 3600, 3600], call_waiting_s: 3600 } } });
  const { page: duty } = await seat(airport, '/duty');
  const { page: dispatch } = await seat(airport, '/dispatch', { by: airport.dispatcher });
  for (const page of [duty, dispatch]) await silence(page);
  const { id } = await city.duty.post('/operations', { name: 'Parcel', purpose: 'stop it', legal_basis: 'art. 54', handling: 'police_use' });
  await city.step(id, { do: 'invite', node: airport.node, role: 'helps' });
  for (const page of [duty, dispatch]) await page.getByRole('link', { name: /1 invitation/ }).waitFor();
  await until(async () => (await sounded(duty)) === 'alarm', 'the duty officer hears it');
  assert.equal(await sounded(dispatch), '', 'who cannot answer does not hear it');
  await duty.getByRole('link', { name: /1 invitation/ }).click();
  await duty.getByRole('article', { name: 'Parcel' }).getByRole('button', { name: 'Join' }).click();
  await duty.getByRole('link', { name: /1 invitation/ }).waitFor({ state: 'hidden' });

  await airport.incident({ address: 'Terminal 2' });
  await dispatch.getByRole('button', { name: /Terminal 2/ }).first().click();
  const joint = dispatch.getByRole('region', { name: 'With other agencies' });
  await joint.getByRole('button', { name: 'Share in operation…' }).click();
  await joint.getByLabel('In which operation').selectOption({ label: 'Parcel' });
  await access(dispatch, 'sharing from the incident');
  await joint.getByRole('button', { name: 'Share it' }).click();
  await joint.getByText(/Shared in Parcel held by 1 of 1 peers/).waitFor();
  await until(async () => (await city.operation(id)).incidents.length === 1, 'it is there');
  const [shared] = (await city.operation(id)).incidents;
  await airport.step(id, { do: 'share', record: `incident:${shared.incident.id}`, assist: true });
  await until(async () => (await city.operation(id)).incidents[0].share.assist, 'its home may be asked');
  await silence(dispatch);
  await city.step(id, { do: 'ask', node: airport.node, record: `incident:${shared.incident.id}`, what: 'attend' });
  await dispatch.getByRole('link', { name: /1 request for us/ }).waitFor();
  await until(async () => (await sounded(dispatch)) === 'alarm', 'a request is heard');
  // One that was long on its way is on the screen like any other, and makes no sound.
  const old = new Date(Date.now() - 11 * 60_000).toISOString();
  const { page: late } = await seat(airport, '/dispatch', { before: (fresh) => arriveLate(fresh, old) });
  await late.getByRole('link', { name: /1 request for us/ }).waitFor();
  await late.waitForTimeout(1_000);
  assert.ok(!(await sounded(late)), `old news is not heard: ${await sounded(late)}`);
});

test('键盘即可完成：打开行动、移动、返回列表；断开对方后横幅说明系本节点所为', LONG, async () => {
  const [city, airport] = await agencies(['城区分局', '机场公安']);
  const first = await joined([city, airport], { name: '第一次行动' });
  const second = await joined([city, airport], { name: '第二次行动' });
  const { page } = await seat(city, '/duty', { locale: 'zh-CN' });
  await page.keyboard.press('Alt+7');
  await page.getByText('请选择行动，或发起行动。').waitFor();
  await page.keyboard.press('Escape');
  const item = (name) => page.getByRole('list', { name: '合成作战' }).getByRole('button', { name: new RegExp(name) });
  await until(() => item('第二次行动').evaluate((each) => each === document.activeElement), 'the newest is first');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === `/operations/${first}`);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement?.closest('section.detail') !== null), true);
  // Escape closes what is open first, and then leads back.
  const leave = page.getByRole('button', { name: '移出… 机场公安' });
  await leave.focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('移出原因').waitFor();
  await page.keyboard.press('Escape');
  await page.getByLabel('移出原因').waitFor({ state: 'hidden' });
  assert.ok(await leave.evaluate((each) => each === document.activeElement));
  await page.keyboard.press('Escape');
  await until(() => item('第一次行动').evaluate((each) => each === document.activeElement), 'back in the list');
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === `/operations/${second}`);

  const { id } = await city.peer(airport);
  await city.house.admin.post(`/peers/${id}/steps`, { do: 'shut_out', reason: '密钥可能被盗' });
  await band(page).getByText(/机场公安 已于 [\d:]+ 被本节点断开。/).waitFor();
  await page.getByRole('region', { name: '成员单位' }).getByText(/⊘ 已断开/).waitFor();
  await access(page, 'shut out');
});
