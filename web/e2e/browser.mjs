// What every story needs: a browser that talks to nobody but the node, a line to the node that can
// be cut, and notes of whatever went wrong on the page. It knows nothing of what the page shows.
import net from 'node:net';
import { chromium } from 'playwright-core';

/** The node under test, such as http://127.0.0.1:8440; without it the stories skip themselves. */
export const node_url = process.env.WATCHFIRE_URL;

/** Why a story is skipped, or false. */
export const skip = node_url ? false : 'set WATCHFIRE_URL to a running node (a demo is enough)';

// The background flags keep the browser from asking hosts of its maker; the rest draws WebGL
// without a graphics card.
const FLAGS = [
  '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-dev-shm-usage',
  '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
];

/** Starts the browser. */
export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });

/** Returns a line to the node that goes silent and comes back when told to. */
export async function openLine(to = node_url) {
  const { hostname, port } = new URL(to);
  const pairs = new Set();
  let silent = false;
  const server = net.createServer((near) => {
    const far = net.connect(Number(port || 80), hostname);
    const pair = { near, far };
    pairs.add(pair);
    const end = () => {
      near.destroy();
      far.destroy();
      pairs.delete(pair);
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    near.on('data', (bytes) => silent || far.write(bytes));
    far.on('data', (bytes) => silent || near.write(bytes));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    /** Lets nothing through in either direction, without closing anything: the worst kind of cut. */
    cut: () => (silent = true),
    /** Lets bytes through again; what was open before the cut is lost, as it would be. */
    heal: () => {
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      silent = false;
    },
    close: () => {
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      server.close();
    },
  };
}

/** Opens the console and notes its errors and every address it asks for. */
export async function openPage(browser, url, { locale = 'en-US', width = 1440, height = 900, before } = {}) {
  const context = await browser.newContext({ locale, viewport: { width, height } });
  const page = await context.newPage();
  const errors = [];
  const asked = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    // A refused or broken request is what some stories are about; the page has to say so itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) errors.push(message.text());
  });
  page.on('request', (request) => asked.push(request.url()));
  if (before) await before(page);
  await page.goto(url);
  return { page, errors, asked, close: () => context.close() };
}
