// Draws the icons of the crew's page from public/favicon.svg, once, by Chromium: `node scripts/make-icons.mjs`.
// The results are committed; run it again only when the drawing changes.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const folder = new URL('../public/', import.meta.url);
const drawing = readFileSync(new URL('favicon.svg', folder), 'utf8');
/** The ground of the drawing; a mask may cut off all but the middle four fifths. */
const GROUND = '#131a22';
const icons = [
  { file: 'icon-192.png', size: 192, inner: 192, ground: 'transparent' },
  { file: 'icon-512.png', size: 512, inner: 512, ground: 'transparent' },
  { file: 'icon-maskable-512.png', size: 512, inner: 410, ground: GROUND },
];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const { file, size, inner, ground } of icons) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const svg = drawing.replace('<svg ', `<svg width="${inner}" height="${inner}" `);
  await page.setContent(
    `<style>html,body{margin:0;height:100%;background:${ground}}body{display:grid;place-items:center}</style>${svg}`,
  );
  await page.screenshot({ path: fileURLToPath(new URL(file, folder)), omitBackground: ground === 'transparent' });
  await page.close();
}
await browser.close();
