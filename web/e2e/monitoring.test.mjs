// Stories of monitoring, against a node of its own: what waits is there with whom and its records, a period without records says
// so, the report prints and comes as a file; and the wall has its line.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip } from './house.mjs';
import { access, openSeat } from './seat.mjs';

const pictures = process.env.PICTURES;
let browser, house, officer, analyst;

before(async () => {
  if (skip) return;
  house = await openHouse({ name: '绍兴' });
  officer = await house.person({ login: 'officer', seats: ['duty_officer'] });
  analyst = await house.person({ login: 'analyst', seats: ['analyst'] });
  await house.incident(await house.program('dispatcher'), { address: '解放路 1 号' });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.close();
});

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
}

test('监测页列出各环节待办及承办方，展开可见明细；无记录的时段如实说明', { skip }, async () => {
  const seat = await openSeat(browser, house, officer, '/monitoring', { locale: 'zh-CN', width: 1440, height: 1200 });
  const { page } = seat;
  const waits = page.getByRole('region', { name: '待办环节' });
  await waits.getByRole('button', { name: '警情待派' }).click();
  await waits.getByRole('link', { name: '警情 1' }).waitFor();
  await waits.getByText('调度员').first().waitFor();
  const today = page.getByRole('region', { name: '今日对比' });
  await today.getByText('无记录').first().waitFor();
  // The last column is in sight, too.
  await today.getByRole('columnheader', { name: '目标', exact: true }).waitFor();
  assert.ok(await today.getByRole('group').evaluate((table) => table.scrollWidth <= table.clientWidth), 'the table is no wider than its place');
  await page.getByRole('region', { name: '节点与线路' }).waitFor();
  await page.getByRole('region', { name: '覆盖情况' }).waitFor();
  await access(page, 'monitoring');
  await picture(page, 'monitoring-zh');
  await waits.getByRole('link', { name: '警情 1' }).click();
  await page.waitForURL(/\/incident\//);
  assert.deepEqual(seat.errors, []);
  await seat.close();
});

test('an analyst reads the report of a day on a narrow screen and takes the figures and the log as files', { skip }, async () => {
  const seat = await openSeat(browser, house, analyst, '/monitoring/report', { width: 390, height: 844 });
  const { page } = seat;
  const report = page.getByRole('region', { name: 'Reports' });
  await report.getByText('Still running').waitFor();
  await report.getByText('not on record').first().waitFor();
  await report.getByText('incident with nobody on it').waitFor();
  await access(page, 'the report, narrow');
  await picture(page, 'monitoring-report-narrow');
  for (const name of ['Figures (CSV)', 'Log behind them (CSV)']) {
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name }).click();
    assert.equal((await download).suggestedFilename(), 'monitoring.csv');
  }
  await page.getByRole('button', { name: 'Now' }).click();
  await page.getByRole('region', { name: 'What waits' }).waitFor();
  await picture(page, 'monitoring-narrow');
  assert.deepEqual(seat.errors, []);
  await seat.close();
});

test('a line that is cut leaves what was known and says that it is old', { skip }, async () => {
  const seat = await openSeat(browser, house, officer, '/monitoring', { width: 1440, height: 1000 });
  const { page } = seat;
  await page.getByRole('region', { name: 'What waits' }).waitFor();
  await page.route('**/api/v1/monitoring**', (route) => route.abort());
  await page.getByRole('alert').filter({ hasText: 'Old' }).first().waitFor({ timeout: 20_000 });
  await picture(page, 'monitoring-old');
  await seat.close();
});
