// Stories of road conditions: a bridge is closed by mouse and by keyboard, the recommendation changes at once, its end gives it
// back. They have a node of their own with a town on both banks of a river.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { openHouse, skip_house as skip, streets } from './house.mjs';
import { access, openSeat, tidy, until } from './seat.mjs';

/** A bridge from the west bank at 120.580 to the harbour at 120.585, the hill in the east, and the long way round in the north. */
const TOWN = streets([
  { 'name': '大桥路', 'name:en': 'Bridge Street', 'highway': 'primary', 'through': [[0, 0], [1, 0]] },
  { 'name': '山路', 'name:en': 'Hill Road', 'highway': 'primary', 'through': [[1, 0], [3, 0]] },
  { 'name': '长路', 'name:en': 'Long Way', 'highway': 'primary', 'through': [[0, 0], [0, 4], [1, 4], [1, 0]] },
]);
const BOUNDS = { west: 120.58, south: 30.0, east: 120.595, north: 30.02 };
/** Room that the map leaves around its first view, in px. */
const MARGIN_PX = 24;

let browser, house, person, crew, west, by, seat;

before(async () => {
  if (skip) return;
  const slow = { unanswered_s: 3600, late_departure_s: 3600, unassigned_s: [3600, 3600, 3600, 3600], call_waiting_s: 3600 };
  // Without a response file one unit of any kind is wanted: the nearest.
  house = await openHouse({ name: 'Fushan', town: TOWN, response: '', settings: { timers: slow } });
  person = await house.person({ login: 'dispatcher', name: 'Chen Jing', seats: ['dispatcher'] });
  by = await house.program('dispatcher');
  west = await house.unit({ callsign: 'WEST1', lat: 30.0, lon: 120.58 });
  crew = await house.person({ login: 'west', name: 'Crew of WEST1', seats: ['crew'], unit: west.id });
  await house.unit({ callsign: 'HILL1', lat: 30.0, lon: 120.595 });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.close();
});
afterEach(async () => {
  if (skip) return;
  await seat?.close();
  seat = null;
  for (const each of (await by.get('/board')).road_conditions) {
    if (each.phase === 'in_force' || each.phase === 'planned') await by.post(`/road-conditions/${each.id}/end`);
  }
  await tidy(by);
});

const WORDS = {
  'en-US': { roads: /^Road conditions/, panel: 'Road conditions', fresh: 'New road condition', draw: 'Draw on the map', reason: 'Reason', close: 'Close these roads', incidents: 'Incidents' },
  'zh-CN': { roads: /^路况/, panel: '路况', fresh: '新建路况', draw: '在地图上绘制', reason: '原因', close: '封闭这些道路', incidents: '警情' },
};

async function open({ locale = 'en-US', ...more } = {}) {
  seat = await openSeat(browser, house, person, '/dispatch', { locale, ...more });
  const { page } = seat;
  const words = WORDS[locale];
  return {
    page, words,
    button: page.getByRole('button', { name: words.roads }).first(),
    panel: page.getByRole('region', { name: words.panel, exact: true }),
    bar: page.locator('.bar .names'),
    select: (address) => page.getByRole('region', { name: words.incidents, exact: true }).getByRole('button', { name: new RegExp(address) }).first().click(),
  };
}

/** Where a point is on the screen while the map shows its first view. */
async function spot(page, lat, lon) {
  const box = await page.locator('.maplibregl-canvas').boundingBox();
  const y = (at) => Math.log(Math.tan(Math.PI / 4 + (at * Math.PI) / 360));
  const x = (at) => (at * Math.PI) / 180;
  const scale = Math.min((box.width - 2 * MARGIN_PX) / (x(BOUNDS.east) - x(BOUNDS.west)), (box.height - 2 * MARGIN_PX) / (y(BOUNDS.north) - y(BOUNDS.south)));
  return {
    x: box.x + box.width / 2 + scale * (x(lon) - (x(BOUNDS.west) + x(BOUNDS.east)) / 2),
    y: box.y + box.height / 2 - scale * (y(lat) - (y(BOUNDS.south) + y(BOUNDS.north)) / 2),
  };
}

const shot = async (page, name) => {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
};
const phases = async () => (await by.get('/board')).road_conditions.map(({ phase }) => phase);

test('a bridge is closed by mouse, another unit is recommended, and the end gives it back', { skip }, async () => {
  await house.incident(by, { lat: 30.0, lon: 120.585, address: 'Harbour 1' });
  const { page, words, button, panel, bar, select } = await open();
  await page.getByText('Loading the map').waitFor({ state: 'detached' });
  await page.locator('.maplibregl-canvas').waitFor();
  await button.click();
  await panel.getByText('No road condition is in force or planned.').waitFor();
  await panel.getByRole('button', { name: words.fresh }).click();
  await panel.getByRole('button', { name: words.draw }).click();
  for (const lon of [120.5812, 120.5825, 120.5838]) {
    const { x, y } = await spot(page, 30.0, lon);
    await page.mouse.click(x, y);
  }
  await page.getByText('3 points.', { exact: true }).waitFor();
  await shot(page, 'draw-en');
  await page.keyboard.press('Enter');
  await panel.getByText('3 points are set.').waitFor();
  await until(() => panel.getByLabel(words.reason).evaluate((each) => each === document.activeElement), 'the reason comes next');
  await page.keyboard.type('hit by a barge');
  await panel.getByRole('button', { name: words.close }).click();
  await panel.getByText('1 stretch: 大桥路').or(panel.getByText('1 stretch: Bridge Street')).waitFor();
  await access(page, 'what is in force');

  await select('Harbour 1');
  await until(async () => (await bar.textContent()) === 'HILL1', 'the unit on the hill is recommended');
  await page.getByText('a road on the usual way is closed or slow').first().waitFor();
  await shot(page, 'closed-en');

  await panel.getByRole('button', { name: 'End: hit by a barge' }).click();
  await until(async () => (await bar.textContent()) === 'WEST1', 'the unit on the west bank is recommended again');
  assert.deepEqual(await phases(), ['ended']);
  await page.keyboard.press('Control+z');
  await until(async () => (await bar.textContent()) === 'HILL1', 'the ending is taken back');
  assert.deepEqual(seat.errors, []);
});

for (const [locale, words] of [
  ['en-US', { way: /^Way: 480 m/, long: /^Way: 4\.\d km/, steps: 'Turn by turn', out: 'Set out on', there: 'There' }],
  ['zh-CN', { way: /^路线：480 米/, long: /^路线：4\.\d 公里/, steps: '逐步路线', out: '出发，沿', there: '到达' }],
]) {
  test(`${locale}: a crew reads its way turn by turn, and another when the bridge is closed`, { skip }, async () => {
    const incident = await house.incident(by, { lat: 30.0, lon: 120.585, address: 'Harbour 3' });
    await by.post(`/incidents/${incident.id}/assignments`, { units: [west.id] });
    seat = await openSeat(browser, house, crew, '/crew', { locale, width: 390, height: 844, live: false });
    const { page } = seat;
    await page.getByText(words.way).click();
    const steps = page.getByRole('list', { name: words.steps }).getByRole('listitem');
    assert.match((await steps.allInnerTexts()).join(' | '), new RegExp(`${words.out}.*大桥路.*480.*\\| ◎\\s+${words.there}`, 's'));
    await shot(page, `way-${locale}`);
    await access(page, 'the way of a crew');
    await by.post('/road-conditions', {
      effect: { is: 'closed' }, reason: 'hit by a barge',
      shape: { is: 'line', points: [[120.5812, 30.0], [120.5838, 30.0]], width_m: 30 },
    });
    await page.getByText(words.long).waitFor();
    assert.match((await steps.allInnerTexts()).join(' | '), /长路/);
    assert.deepEqual(seat.errors, []);
  });
}

test('the same by keyboard: a place and a radius, with an end, and a line drawn with the arrow keys', { skip }, async () => {
  await house.incident(by, { lat: 30.0, lon: 120.585, address: 'Harbour 2' });
  const { page, words, button, panel, bar, select } = await open();
  await select('Harbour 2');
  await until(async () => (await bar.textContent()) === 'WEST1', 'the nearest is recommended');
  await button.focus();
  await page.keyboard.press('Enter');
  await panel.getByRole('button', { name: words.fresh }).press('Enter');
  await panel.getByLabel('Circle', { exact: true }).press('Space');
  await panel.getByLabel('Address or coordinates of the middle').fill('30.0, 120.5825');
  await panel.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
  await panel.getByText('The middle is set.').waitFor();
  await panel.getByLabel('Radius in m').fill('40');
  await panel.getByLabel(words.reason).fill('flood');
  await panel.getByLabel('Until', { exact: true }).selectOption('in 2 hours');
  await access(page, 'the form');
  await panel.getByRole('button', { name: words.close }).press('Enter');
  await panel.getByText(/^1 stretch/).waitFor();
  await panel.getByText(/until \d\d:\d\d:\d\d/).waitFor();
  await until(async () => (await bar.textContent()) === 'HILL1', 'the closed bridge counts');
  await panel.getByRole('combobox', { name: 'End of: flood' }).selectOption('until somebody ends it');
  await panel.locator('li').getByText('until somebody ends it', { exact: true }).locator('visible=true').first().waitFor();

  await panel.getByRole('button', { name: words.fresh }).press('Enter');
  await panel.getByRole('button', { name: words.draw }).press('Enter');
  await page.locator('.maplibregl-canvas:focus').waitFor();
  const points = (words) => page.getByText(words, { exact: true }).waitFor();
  await page.keyboard.press('Enter');
  await points('1 point.');
  // The map glides; a point is another one once its middle has moved.
  await page.keyboard.press('ArrowRight');
  await until(async () => {
    await page.keyboard.press('Enter');
    return page.getByText('2 points.', { exact: true }).isVisible();
  }, 'the middle has moved');
  await page.keyboard.press('Backspace');
  await points('1 point.');
  await page.keyboard.press('Escape');
  await panel.getByRole('button', { name: words.draw }).waitFor();
  await panel.getByRole('button', { name: 'Back', exact: true }).press('Enter');
  await panel.getByRole('button', { name: 'End: flood' }).press('Enter');
  await until(async () => (await bar.textContent()) === 'WEST1', 'the open bridge counts');
});

test('on a telephone and in Chinese, what meets no road says so', { skip }, async () => {
  await by.post('/road-conditions', {
    effect: { is: 'slowed', percent: 40 }, reason: '早市', shape: { is: 'area', points: [[120.579, 30.004], [120.581, 30.004], [120.581, 30.012], [120.579, 30.012]] },
  });
  await by.post('/road-conditions', { effect: { is: 'closed' }, reason: '画错了', shape: { is: 'line', points: [[120.588, 30.005], [120.59, 30.005]], width_m: 20 } });
  const later = new Date(Date.now() + 3_600_000).toISOString();
  await by.post('/road-conditions', { effect: { is: 'closed' }, reason: '马拉松', from: later, shape: { is: 'line', points: [[120.586, 30.0], [120.594, 30.0]], width_m: 30 } });
  const wide = await open({ locale: 'zh-CN' });
  await wide.button.click();
  await wide.panel.getByText('缓行：通常速度的 40%').waitFor();
  await wide.panel.getByText('未涉及任何道路').waitFor();
  await wide.panel.getByText(/起生效/).waitFor();
  await access(wide.page, '路况');
  await shot(wide.page, 'wide-zh');
  await seat.close();

  const { page, words, button, panel } = await open({ locale: 'zh-CN', width: 390, height: 844 });
  await page.getByRole('button', { name: '地图', exact: true }).click();
  await button.click();
  await panel.getByText('早市', { exact: true }).waitFor();
  await shot(page, 'narrow-zh');
  await panel.getByRole('button', { name: words.fresh }).click();
  await access(page, '新建路况');
  await shot(page, 'narrow-form-zh');
  await panel.getByRole('button', { name: words.draw }).click();
  await page.getByText('逐点点选').waitFor();
  await shot(page, 'narrow-draw-zh');
});
