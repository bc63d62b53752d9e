// Stories of patrols, against a node of their own: a dispatcher writes a plan down on the map, accepts rounds and begins; a
// unit is called away and the others take over; a crew and a volunteer report from their phones.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip, streets } from './house.mjs';
import { BOUND_MS, access, openSeat, tidy, until } from './seat.mjs';

const DEMO = fileURLToPath(new URL('../../examples/demo-city/response.toml', import.meta.url));
/** A square of streets: whoever goes from its one corner to the other goes round another corner, not across. */
const TOWN = streets([
  { name: 'Gate Street', through: [[0, 0], [0, 1], [0, 2], [0, 3]] }, { name: 'North Road', through: [[0, 3], [2, 3]] }, { name: 'Mill Lane', through: [[2, 3], [2, 0]] },
]);
const pictures = process.env.PICTURES;

let browser, house, folder, officer, dispatcher, e1, e2, team;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(path.join(tmpdir(), 'watchfire-patrol-'));
  const response = path.join(folder, 'response.toml');
  writeFileSync(response, `${readFileSync(DEMO, 'utf8')}\n[kinds.neighbours]\nen = "Neighbourhood watch"\nzh = "邻里守望队"\nvolunteers = true\n`);
  house = await openHouse({ name: 'Fushan', response, town: TOWN });
  officer = await house.person({ login: 'officer', seats: ['dispatcher', 'duty_officer'] });
  dispatcher = await house.program('dispatcher');
  [e1, e2] = [await house.unit({ callsign: 'E1' }), await house.unit({ callsign: 'E2' })];
  team = await house.unit({ callsign: 'N1', kind: 'neighbours' });
  await house.station({ code: '1' });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

// What a story leaves behind must not stand in the way of the next.
afterEach(async () => {
  if (skip) return;
  await tidy(dispatcher);
  for (const plan of await plans()) if (plan.status !== 'ended') await dispatcher.post(`/patrols/${plan.id}/end`);
});

const plans = async () => {
  const { records } = await dispatcher.get('/board');
  return records.filter((each) => each.kind === 'patrol').map((each) => each.record);
};

const point = (no, more = {}) => ({ no, label: `Gate ${no}`, lat: 30 + no / 500, lon: 120.58, stay_min: 2, wanted: { is: 'times', count: 1 }, ...more });

/** Writes a plan down, accepts what is proposed and begins it. */
async function begun(theme, units, points) {
  const from = new Date(Date.now() - 60_000).toISOString();
  const until_at = new Date(Date.now() + 3 * 3_600_000).toISOString();
  const plan = await dispatcher.post('/patrols', { theme, from, until: until_at, units, points });
  const { rounds } = await dispatcher.post(`/patrols/${plan.id}/proposal`);
  const body = rounds.map(({ unit, legs, back_at, basis }) => ({ unit, back_at, basis, legs: legs.map(({ point: no, visit, at }) => ({ point: no, visit, at })) }));
  await dispatcher.put(`/patrols/${plan.id}/rounds`, { rounds: body });
  return dispatcher.post(`/patrols/${plan.id}/start`);
}

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`) });
}

/** Taps a button twice, as the page wants it; begins again when the four seconds ran out between the taps. */
async function twice(page, name) {
  const plain = page.getByRole('button', { name, exact: true });
  const armed = page.getByRole('button', { name: new RegExp(`(Tap again to confirm|再按一次确认)\\s*${name}`) });
  await plain.click();
  await armed.waitFor();
  await until(async () => {
    if (await armed.isVisible()) await armed.click({ timeout: 1_000 }).catch(() => undefined);
    return !(await armed.isVisible());
  }, `two taps on ${name}`);
}

test('a plan is written down on the map, laid out, accepted and begun', { skip, timeout: 10 * BOUND_MS }, async () => {
  const seat = await openSeat(browser, house, officer, '/patrol');
  const { page } = seat;
  await page.getByRole('button', { name: 'New plan' }).click();
  await page.getByLabel('Theme').fill('Old town, evening');
  await page.getByLabel('Call sign').fill('E1');
  await page.getByRole('button', { name: 'Add unit' }).click();
  for (const [x, y] of [[0.45, 0.45], [0.6, 0.55]]) {
    await page.getByRole('button', { name: 'Add a point on the map' }).click();
    const canvas = page.locator('canvas.maplibregl-canvas');
    const box = await canvas.boundingBox();
    await canvas.click({ position: { x: box.width * x, y: box.height * y } });
  }
  await page.getByRole('listitem', { name: 'Point 2' }).waitFor();
  await page.getByLabel('Name').first().fill('Market');
  await access(page, 'the plan as it is written');
  await page.getByRole('button', { name: 'Write the plan down' }).click();
  await page.getByRole('region', { name: 'Old town, evening' }).waitFor();
  await page.getByRole('button', { name: 'Propose rounds' }).click();
  const proposal = page.getByRole('region', { name: 'Proposed rounds' });
  await proposal.getByText('4 visits').waitFor();
  await picture(page, 'patrol-proposal');
  await proposal.getByRole('button', { name: 'Accept these rounds' }).click();
  await proposal.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.getByText('under way').first().waitFor();
  await page.getByRole('button', { name: /^Visited: E1/ }).first().click();
  await page.getByText('1 of 4 kept').waitFor();
  await access(page, 'the plan under way');
  await picture(page, 'patrol');
  assert.deepEqual(seat.errors, []);
  const [plan] = (await plans()).filter((each) => each.status === 'under_way');
  assert.equal(plan.coverage.in_time, 1);
  await seat.close();
});

test('rounds are drawn along the roads, a visit is skipped with a reason, and a point is changed while the plan stands', { skip, timeout: 10 * BOUND_MS }, async () => {
  const corner = (no, east, north, more = {}) => point(no, { lat: 30 + north * 0.005, lon: 120.58 + east * 0.005, ...more });
  const plan = await begun('Old town', [e1.id], [corner(1, 0, 1), corner(2, 2, 1), corner(3, 2, 2, { wanted: { is: 'times', count: 2 } })]);
  const { lines } = await dispatcher.get(`/patrols/${plan.id}/lines`);
  assert.ok(lines[0].ways.every(({ basis }) => basis === 'road'), JSON.stringify(lines));
  const seat = await openSeat(browser, house, officer, `/patrol/${plan.id}`);
  const { page } = seat;
  await page.getByRole('region', { name: 'Old town' }).waitFor();
  await until(() => seat.asked.some((url) => url.endsWith(`/patrols/${plan.id}/lines`)), 'the page has asked for the lines');
  await page.getByRole('button', { name: 'Skip: E1, point 2' }).click();
  const why = page.getByLabel('Why nobody goes');
  assert.ok(await page.getByRole('button', { name: 'Skip point 2' }).isDisabled(), 'a reason is wanted');
  await why.fill('the lane is flooded');
  await access(page, 'a reason for skipping');
  await page.getByRole('button', { name: 'Skip point 2' }).click();
  await page.getByText('skipped: the lane is flooded').waitFor();
  assert.equal((await dispatcher.get(`/patrols/${plan.id}`)).coverage.skipped, 1);

  await page.getByRole('button', { name: 'Change point 1' }).click();
  const form = page.getByRole('form', { name: 'Change point 1' });
  await form.getByLabel('How often').selectOption('every');
  await form.getByLabel('Minutes', { exact: true }).fill('60');
  await form.getByRole('button', { name: 'Add a span of time' }).click();
  await access(page, 'a point being changed');
  await picture(page, 'patrol-change');
  // A span that ends where it begins: the node says no, in words, and what was typed stays.
  await form.getByLabel('Span 1, until').fill(await form.getByLabel('Span 1, from').inputValue());
  await form.getByRole('button', { name: 'Change it' }).click();
  await page.getByText(/Time windows in their order/).waitFor();
  await form.getByRole('button', { name: 'Remove span 1' }).click();
  await form.getByRole('button', { name: 'Change it' }).click();
  await form.waitFor({ state: 'hidden' });
  await page.getByText('every 60 min').waitFor();
  await page.getByRole('region', { name: 'Proposed rounds' }).waitFor();
  const { points } = await dispatcher.get(`/patrols/${plan.id}`);
  assert.deepEqual([points[0].wanted, points[0].windows, points[2].wanted], [{ is: 'every', minutes: 60 }, [], { is: 'times', count: 2 }]);
  // What was reported stays: the node refuses, and the form with what was typed stays open.
  await page.getByRole('button', { name: 'Change point 2' }).click();
  const kept = page.getByRole('form', { name: 'Change point 2' });
  await kept.getByLabel('Stay, minutes').fill('9');
  await kept.getByRole('button', { name: 'Change it' }).click();
  await page.getByText(/visits to point 2 were reported/).waitFor();
  assert.equal(await kept.getByLabel('Stay, minutes').inputValue(), '9');
  await page.setViewportSize({ width: 390, height: 844 });
  await access(page, 'the plan with a form on a narrow screen');
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 390), 'nothing has to be scrolled to sideways');
  await kept.scrollIntoViewIfNeeded();
  await picture(page, 'patrol-change-narrow');
  await seat.close();
});

test('a unit is called away, and its visits are proposed to the others without being asked for', { skip, timeout: 10 * BOUND_MS }, async () => {
  const plan = await begun('夜间巡逻', [e1.id], [point(1), point(2)]);
  const more = { theme: plan.theme, from: plan.from, until: plan.until, units: [e1.id, e2.id], points: [point(1), point(2)] };
  await dispatcher.put(`/patrols/${plan.id}`, more);
  const seat = await openSeat(browser, house, officer, `/patrol/${plan.id}`, { locale: 'zh-CN' });
  const { page } = seat;
  const incident = await house.incident(dispatcher);
  await house.send(dispatcher, incident.id, [e1.id]);
  await page.getByRole('alert').filter({ hasText: '被调离：E1' }).waitFor();
  const proposal = page.getByRole('region', { name: '建议路线' });
  await proposal.getByText('E2').first().waitFor();
  await picture(page, 'patrol-away-zh');
  await proposal.getByRole('button', { name: '采纳这些路线' }).click();
  await page.getByRole('alert').filter({ hasText: '被调离' }).waitFor({ state: 'hidden' });
  const now = await dispatcher.get(`/patrols/${plan.id}`);
  assert.deepEqual(now.rounds.find((round) => round.unit === e2.id).legs.map((leg) => leg.point).sort(), [1, 2]);
  await page.setViewportSize({ width: 390, height: 844 });
  await access(page, 'the plan on a narrow screen');
  await picture(page, 'patrol-narrow-zh');
  await seat.close();
});

test('a crew and a volunteer report their visits from a phone, the volunteer seeing nothing else', { skip, timeout: 10 * BOUND_MS }, async () => {
  const plan = await begun('Evening', [e1.id], [point(1), point(2)]);
  const watch = await begun('Watch', [team.id], [point(5, { volunteers: true })]);
  const crew = await house.person({ login: 'crew', seats: ['crew'], unit: e1.id });
  const volunteer = await house.person({ login: 'lin', seats: ['volunteer'], unit: team.id });
  const phone = { width: 390, height: 844 };
  const seat = await openSeat(browser, house, crew, '/crew', phone);
  await twice(seat.page, 'Visited');
  await until(async () => (await dispatcher.get(`/patrols/${plan.id}`)).coverage.in_time === 1, 'the crew has reported');
  await access(seat.page, 'the crew on its round');
  await picture(seat.page, 'crew-round');
  await seat.close();

  const page = await openSeat(browser, house, volunteer, '/', { ...phone, live: false });
  await page.page.getByRole('heading', { name: 'N1' }).waitFor();
  await page.page.getByText('Gate 5').waitFor();
  await picture(page.page, 'volunteer');
  assert.equal(await page.page.getByText('Evening').count(), 0, 'another unit and its round are not shown');
  await twice(page.page, 'Visited');
  await page.page.getByText('The round is done.').waitFor();
  await until(async () => (await dispatcher.get(`/patrols/${watch.id}`)).coverage.in_time === 1, 'the volunteer has reported');
  await access(page.page, 'the volunteer');
  assert.deepEqual(page.errors, []);
  assert.ok(page.asked.every((url) => !/\/api\/v1\/(board|stream|units|calls|incidents)/.test(url)), page.asked.join('\n'));
  await page.close();
});
