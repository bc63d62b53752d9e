// The stories of call taking, told in a browser against a running node: a call by keyboard only, the same
// event twice, a browser that dies and a line that breaks in mid call. Each story uses a place of its own,
// so that one does not find the calls of another.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { launch, node_url, openLine, openPage, skip } from './browser.mjs';

const AXE = skip ? '' : readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WAIT_MS = 20_000;

let browser;
before(async () => {
  if (!skip) browser = await launch();
});
after(() => browser?.close());

/** What a story opened is closed with it, also when it fails: an open page costs the next story its time. */
const opened_pages = [];
afterEach(async () => {
  for (const close of opened_pages.splice(0)) await close();
});

const take = (url = node_url) => new URL('/take', url).href;

/** Opens the seat and waits until it is live. */
async function sit(options = {}) {
  const opened = await openPage(browser, take(options.url), options);
  opened_pages.push(opened.close);
  opened.page.setDefaultTimeout(WAIT_MS);
  await opened.page.locator('header .line.live').waitFor();
  await opened.page.getByLabel(/^(What is happening\?|发生了什么？)$/).waitFor();
  return opened;
}

/** Types a place and chooses the first that is found. */
async function choosePlace(page, text) {
  await page.keyboard.type(text);
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByText(/Has a point|已定位/).waitFor();
}

const done = (page) => page.getByRole('status').filter({ hasText: /→ (incident|警情) #\d+/ }).first();
const incidentOf = async (page) => /#(\d+)\D+#(\d+)/.exec(await done(page).innerText()).slice(1).map(Number);

test('a call is taken and an incident opened by keyboard only', { skip }, async () => {
  const { page, errors } = await sit();
  await page.keyboard.press('F2');
  await page.keyboard.type('heavy smoke from a second floor window');
  await page.keyboard.press('Tab');
  await choosePlace(page, '24th & folsom');
  await page.getByText('guessed from the words').waitFor();
  await page.keyboard.press('Alt+q');
  await page.keyboard.press('1');
  await page.keyboard.press('Control+Enter');
  await done(page).waitFor();
  assert.equal(await page.getByLabel('What is happening?').inputValue(), '', 'the form is ready for the next call');
  assert.ok(await page.getByLabel('What is happening?').evaluate((field) => field === document.activeElement));
  assert.deepEqual(errors, []);
});

test('a second report of the same event joins the first with one key', { skip }, async () => {
  const { page } = await sit();
  const report = async (text) => {
    await page.keyboard.press('F2');
    await page.keyboard.type(text);
    await page.keyboard.press('Tab');
    await choosePlace(page, '20th & york');
  };
  await report('a car has caught fire, flames');
  await page.getByText('guessed from the words').waitFor();
  await page.getByRole('radio', { name: 'Urgent' }).check();
  await page.keyboard.press('Control+Enter');
  await done(page).waitFor();
  const [first_call, incident] = await incidentOf(page);
  await report('vehicle burning');
  const hints = page.getByRole('region', { name: 'May be the same event' });
  await hints.getByText(`Incident #${incident}`, { exact: true }).waitFor();
  // Told twice on one node, this story finds its own first telling too.
  const all = await hints.getByRole('listitem').allInnerTexts();
  await page.keyboard.press(`Control+${all.findIndex((text) => text.includes(`Incident #${incident}`)) + 1}`);
  await hints.getByText('No unit has been sent.').or(hints.getByText(/sent, not|en route|acknowledged/)).first().waitFor();
  await page.keyboard.press('Alt+d');
  await page.getByRole('status').filter({ hasText: new RegExp(`Call #(?!${first_call}\\b)\\d+ → incident #${incident}\\b`) }).first().waitFor();
});

test('a half-typed call survives the browser, and comes from the node to another one', { skip }, async () => {
  const { page, close } = await sit();
  const said = `man fell from a ladder ${Date.now()}`;
  await page.keyboard.press('F2');
  await page.keyboard.type(said);
  // The browser's own copy is there with the last key.
  assert.ok(await page.evaluate((said) => Object.values(localStorage).some((text) => text.includes(said)), said));
  await page.getByText(/kept on the node/).waitFor();
  await close();
  const other = await sit();
  const parked = other.page.getByRole('region', { name: 'Half-typed calls' }).getByRole('button', { name: said.slice(0, 20) }).first();
  await parked.click();
  assert.equal(await other.page.getByLabel('What is happening?').inputValue(), said);
  await other.page.getByRole('button', { name: new RegExp(`^Discard ${said}`) }).click();
  await other.page.getByRole('button', { name: /^Really discard/ }).click();
  await parked.waitFor({ state: 'detached' });
});

test('several calls are open at once, and F2 parks the present one', { skip }, async () => {
  const { page } = await sit({ locale: 'zh-CN' });
  const list = page.getByRole('region', { name: '未完成的接警单' });
  const before_count = await list.getByRole('listitem').count();
  await page.keyboard.press('F2');
  await page.keyboard.type('一号来电 第一句');
  await page.keyboard.press('F2');
  await page.keyboard.type('二号来电 第一句');
  await list.getByRole('button', { name: /一号来电/ }).first().click();
  assert.match(await page.getByLabel('发生了什么？').inputValue(), /一号来电/);
  assert.equal(await list.getByRole('listitem').count(), before_count + 2);
  await page.keyboard.press('Alt+PageDown');
  assert.match(await page.getByLabel('发生了什么？').inputValue(), /二号来电/, 'the next one by its key');
  await page.keyboard.press('Alt+PageUp');
  assert.match(await page.getByLabel('发生了什么？').inputValue(), /一号来电/);
  for (const text of ['一号来电', '二号来电']) {
    await list.getByRole('button', { name: new RegExp(`丢弃 ${text}`) }).first().click();
    await list.getByRole('button', { name: /确定丢弃/ }).click();
  }
});

test('what is missing is said before an incident is refused, and the call can wait', { skip }, async () => {
  const { page } = await sit();
  await page.keyboard.press('F2');
  const said = `somebody shouts, no words ${Date.now()}`;
  await page.keyboard.type(said);
  await page.keyboard.press('Control+Enter');
  await page.getByRole('alert').filter({ hasText: 'Not opened. It needs: a place' }).waitFor();
  assert.equal(await page.getByLabel('What is happening?').inputValue(), said);
  await page.keyboard.press('Shift+Control+Enter');
  await page.getByRole('status').filter({ hasText: /recorded; it waits/ }).waitFor();
  const waiting = page.getByRole('region', { name: 'Calls waiting' });
  await waiting.getByRole('button', { name: new RegExp(said) }).click();
  await waiting.getByLabel('Why it needs nothing').fill('caller says it was a mistake');
  await waiting.getByRole('button', { name: /^Close #/ }).click();
  await page.getByRole('region', { name: 'My recent calls' }).getByText('closed: caller says it was a mistake').waitFor();
});

test('a line that breaks while a call is accepted loses nothing and takes it once', { skip }, async () => {
  const line = await openLine();
  opened_pages.push(line.close);
  const { page } = await sit({ url: line.url });
  const said = `smoke in the stairwell ${Date.now()}`;
  await page.keyboard.press('F2');
  await page.keyboard.type(said);
  await page.keyboard.press('Tab');
  await choosePlace(page, '16th & bryant');
  await page.getByRole('radio', { name: 'Immediate' }).check();
  const keys = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/v1/calls')) keys.push(request.headers()['idempotency-key']);
  });
  line.cut();
  await page.keyboard.press('Control+Enter');
  await page.getByText('It is not known whether this call reached the node.').first().waitFor();
  assert.equal(await page.getByLabel('What is happening?').inputValue(), said);
  line.heal();
  await page.locator('header .line.live').waitFor();
  await page.keyboard.press('Control+Enter');
  await done(page).waitFor();
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1], 'the same key, so that the node takes it once');
});

for (const theme of ['dark', 'light']) {
  for (const width of [1440, 390]) {
    test(`call taking is accessible: ${theme}, ${width} pixels`, { skip }, async () => {
      const { page } = await sit({ width, before: (page) => page.addInitScript((theme) => localStorage.setItem('watchfire.theme', theme), theme) });
      await page.keyboard.press('F2');
      await page.keyboard.type('heavy smoke from a window, he is not breathing');
      await page.keyboard.press('Tab');
      await choosePlace(page, '22nd & treat');
      await page.getByRole('region', { name: 'Questions' }).waitFor();
      await page.evaluate(AXE);
      const found = await page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
      assert.deepEqual(found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(' | ')}`), []);
      await page.getByRole('button', { name: /^Discard 22nd/ }).last().click();
      await Promise.all([
        page.waitForResponse((answer) => answer.request().method() === 'DELETE'),
        page.getByRole('button', { name: /^Really discard/ }).click(),
      ]);
    });
  }
}
