// Stories of the figures: every count opens as many incidents as it says, and the whole leaves as CSV.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip } from './house.mjs';
import { access, openSeat, until } from './seat.mjs';

let browser, house, person, by;

before(async () => {
  if (skip) return;
  house = await openHouse({ name: 'Fushan' });
  person = await house.person({ login: 'analyst', name: 'Sun Li', seats: ['analyst'] });
  by = await house.program('dispatcher');
  for (let at = 0; at < 5; at += 1) {
    const unit = await house.unit({ callsign: `E${at + 1}` });
    const fire = await house.incident(by, { address: `Shengli Road ${at + 1}`, category: at < 3 ? 'outside_fire' : 'gas_leak', priority: (at % 2) + 1, lat: 30 + at / 50 });
    if (at < 4) await house.send(by, fire.id, [unit.id]);
  }
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.close();
});

/** Opens the figures of the last hours until a little after now. */
async function open(locale) {
  const field = (ms) => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'short' }).format(ms).replace(' ', 'T');
  return openSeat(browser, house, person, `/figures?from=${field(Date.now() - 7_200_000)}&to=${field(Date.now() + 120_000)}`, { locale });
}

test('every count opens the incidents behind it, as many as it says', { skip }, async () => {
  const { page, close } = await open('en-US');
  await page.getByText(/5 incidents, 5 calls, 4 assignments/).waitFor();
  const table = page.getByRole('table', { name: 'By priority' });
  const counts = table.getByRole('button', { name: /behind this figure/ });
  const numbers = (await counts.allInnerTexts()).map(Number);
  assert.equal(numbers.reduce((sum, each) => sum + each, 0), 4);
  for (const [at, number] of numbers.entries()) {
    if (number === 0) continue;
    await counts.nth(at).click();
    const behind = page.getByRole('dialog');
    await behind.getByText(`${number} behind this figure`).waitFor();
    assert.equal(await behind.locator('tbody tr').count(), number);
    if (at === 0) await access(page, 'behind a figure');
    await page.keyboard.press('Escape');
    await behind.waitFor({ state: 'hidden' });
  }
  await page.getByRole('tab', { name: 'Calls by category' }).click();
  const fires = page.getByRole('row').filter({ hasText: 'Outside fire' }).getByRole('button');
  assert.equal(await fires.innerText(), '3');
  await fires.click();
  const behind = page.getByRole('dialog');
  await until(async () => (await behind.locator('tbody tr').count()) === 3, 'three calls');
  await behind.getByRole('link').first().click();
  await page.waitForURL((url) => url.pathname.startsWith('/incident/'));
  await close();
});

test('CSV 下载：数字与屏幕一致，表头为所用语言', { skip }, async () => {
  const { page, close } = await open('zh-CN');
  await page.getByText(/警情 5 起，报警 5 次，派警 4 次/).waitFor();
  const file = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const text = readFileSync(await (await file).path(), 'utf8');
  const lines = text.trim().split(/\r?\n/);
  assert.ok(lines.length > 5, text.slice(0, 400));
  assert.match(text.slice(0, 2_000), /[\u4e00-\u9fff]/, text.slice(0, 400));
  assert.doesNotMatch(text, /Sun Li/, 'no figure of a person');
  await close();
});
