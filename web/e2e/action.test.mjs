// A planned action of two agencies in the browser: written and issued, answered for on a page and on a crew's phone, gone with a
// reason, cut in the middle so that no word is no go, and rehearsed with stripes on every page.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { skip_house as skip } from './house.mjs';
import { joined, lineIs, openJoint, openRelay } from './joint.mjs';
import { BOUND_MS, access, openSeat, until } from './seat.mjs';

const LONG = { skip, timeout: 10 * BOUND_MS };
const pictures = process.env.PICTURES;
let browser, joint, city, airport, relay;

before(async () => {
  if (skip) return;
  browser = await launch();
  joint = await openJoint(['城区分局 City', '机场分局 Airport']);
  [city, airport] = joint.agencies;
  relay = await openRelay(city, airport);
}, { timeout: 10 * BOUND_MS });
after(async () => {
  await browser?.close();
  await joint?.close();
});

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
}

const minutes = (count) => new Date(Date.now() + count * 60_000).toISOString();

/** A plan of two branches: two teams of the city, one of the airport. */
function plan(first_min) {
  const team = (no, name, branch, agency, more = {}) => ({ no, name, branch, agency, strength: 10, call_sign: `${branch}${no}`, position: '四号楼后巷 Lane behind no. 4', task: '控制前门 Front door', ...more });
  return {
    intent: '同时控制两处入口 Both doors at one time',
    silence: true,
    branches: [{ name: '北分队 North', lead: 'N-1' }, { name: '南分队 South', lead: 'S-1' }],
    teams: [team(1, '突击组 Assault', 1, city.node), team(2, '外围组 Cordon', 1, city.node, { task: '封控外围 Cordon' }), team(3, '后门组 Rear', 2, airport.node, { task: '控制后门 Rear door' })],
    phases: [
      { name: '进入 Entry', what: '两门同时 Both doors', go_at: minutes(first_min), teams: [1, 3] },
      { name: '搜查 Search', what: '逐间 Room by room', go_at: minutes(first_min + 10) },
    ],
    no_go: [{ what: '院内有儿童 Children in the yard', who: '值班长 Duty officer' }],
  };
}

/** Raises an operation with a plan that is issued and has come to the airport. */
async function issued(first_min, more) {
  const id = await joined([city, airport], more);
  await city.duty.post(`/operations/${id}/planned-action`, plan(first_min));
  await city.duty.post(`/operations/${id}/planned-action/steps`, { do: 'issue' });
  await until(async () => (await airport.operation(id)).silent, 'the silence is known at the airport');
  return id;
}

test('一份方案：牵头单位拟制并下达，对方签收、报告到位，写明理由后下令行动', LONG, async () => {
  const id = await joined([city, airport], { name: '双门 Two doors' });
  const lead = await openSeat(browser, city.house, city.duty, `/operations/${id}`, { locale: 'zh-CN' });
  const { page } = lead;
  await page.getByRole('link', { name: /拟制统一行动方案/ }).click();
  await page.getByLabel('行动意图').fill('同时控制两处入口');
  await page.getByLabel('分队', { exact: true }).first().fill('北分队');
  const team = page.getByRole('group', { name: /^1/ }).first();
  await team.getByLabel('小组').fill('突击组');
  await team.getByLabel('待命位置').fill('四号楼后巷');
  await team.getByLabel('任务').fill('控制前门');
  await page.getByLabel('阶段', { exact: true }).fill('进入');
  await page.getByLabel('行动内容').fill('两门同时');
  await access(page, 'the plan');
  await picture(page, 'action-plan-zh');
  await page.getByRole('button', { name: '保存方案' }).click();
  await page.getByText('方案拟制中').first().waitFor();
  // The rest of the plan is written over the API: the form is the same.
  await city.duty.post(`/operations/${id}/planned-action/steps`, { do: 'change', plan: plan(30) });
  await page.getByText('外围组 Cordon').first().waitFor();
  await page.getByRole('button', { name: /下达方案…/ }).click();
  await page.getByRole('button', { name: '下达方案', exact: false }).last().click();
  await page.getByText('行动前静默').first().waitFor();
  await page.getByRole('timer').waitFor();

  const other = await openSeat(browser, airport.house, airport.dispatcher, `/action/${id}`, { locale: 'en-US', width: 390, height: 844 });
  await other.page.getByText('Silence until go').first().waitFor();
  assert.equal(await other.page.getByRole('button', { name: /Go: phase 1/ }).count(), 0, 'only the lead decides');
  await other.page.getByRole('button', { name: 'Sign for the plan' }).click();
  await access(other.page, 'the action on a narrow screen');
  await picture(other.page, 'action-narrow-en');
  await other.page.getByRole('button', { name: 'In position 3' }).click();
  await page.getByText('✓ 已到位').first().waitFor();

  await page.getByRole('button', { name: /行动：第 1 阶段/ }).click();
  await page.getByText('尚未报告到位：1 突击组 Assault').waitFor();
  await access(page, 'the action');
  await picture(page, 'action-go-zh');
  await page.getByLabel('仍下令行动的理由').fill('目标正在移动');
  await page.getByRole('button', { name: '下令行动' }).click();
  await page.getByText(/第 1 阶段行动（未报到位：第 1 组）/).waitFor();
  await other.page.getByText('go for phase 1').first().waitFor();
  assert.equal(await page.getByText('行动前静默').count(), 0, 'go lifts the silence');
  assert.deepEqual([...lead.errors, ...other.errors], []);
  await lead.close();
  await other.close();
});

test('a crew sees its own team alone, says it is in position in two taps, and across a cut no word is no go', LONG, async () => {
  const id = await issued(0.5, { name: '后门 Rear' });
  const unit = airport.units[0];
  await airport.duty.post(`/operations/${id}/planned-action/steps`, { do: 'man', team: 3, units: [unit.id] });
  const crew = await airport.house.person({ login: 'rear', name: '后门 Rear', seats: ['crew'], unit: unit.id });
  const phone = await openSeat(browser, airport.house, crew, '/crew', { width: 390, height: 844 });
  const { page } = phone;
  await page.getByRole('heading', { name: /Your team: 3/ }).waitFor();
  assert.equal(await page.getByText('Assault').count(), 0, 'nothing of another team');
  const button = (name) => page.getByRole('button', { name });
  await until(async () => {
    await button(/In position/).click();
    await page.waitForTimeout(400);
    await button(/In position/).click({ timeout: 2_000 }).catch(() => undefined);
    return page.getByText(/Said: in position/).waitFor({ timeout: 3_000 }).then(() => true, () => false);
  }, 'two taps');
  await until(async () => (await city.duty.get(`/operations/${id}/planned-action`)).teams[2].ready, 'the lead knows');

  relay.cut();
  await lineIs(airport, city, 'cut');
  const there = await openSeat(browser, airport.house, airport.dispatcher, `/action/${id}`, { locale: 'zh-CN' });
  await there.page.getByText(/未收到牵头单位消息。未收到命令即不行动/).first().waitFor({ timeout: 3 * BOUND_MS });
  await access(there.page, 'no word');
  await picture(there.page, 'action-no-word-zh');
  await page.getByText(/nothing was heard of the lead.*No word is no go/).waitFor({ timeout: 3 * BOUND_MS });
  await access(page, 'the phone');
  await picture(page, 'action-crew-en');
  await city.duty.post(`/operations/${id}/planned-action/steps`, { do: 'go', phase: 1, despite: 'all on the radio' });
  assert.equal((await airport.duty.get(`/operations/${id}/planned-action`)).phases[0].state, 'waiting');
  relay.heal();
  await page.getByText(/GO: phase 1/).waitFor({ timeout: 3 * BOUND_MS });
  await picture(page, 'action-crew-go-en');
  assert.deepEqual([...phone.errors, ...there.errors], []);
  await phone.close();
  await there.close();
});

test('a rehearsal carries stripes and the word on its page, and the very plan', LONG, async () => {
  const id = await issued(60, { name: '正式 Real' });
  const seat = await openSeat(browser, city.house, city.duty, `/action/${id}`);
  const { page } = seat;
  await page.getByRole('button', { name: 'Rehearse it…' }).click();
  await page.getByRole('button', { name: 'Rehearse it', exact: true }).click();
  await page.getByText('◇ EXERCISE').first().waitFor();
  await page.getByText('rehearses another').waitFor();
  await page.getByText('同时控制两处入口 Both doors at one time').waitFor();
  await access(page, 'a rehearsal');
  await picture(page, 'action-drill-en');
  await page.emulateMedia({ media: 'print' });
  await picture(page, 'action-print-en');
  assert.deepEqual(seat.errors, []);
  await seat.close();
});
