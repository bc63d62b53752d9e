// Fails the build when the two languages do not have the same keys and the same {places}, when a
// text is empty, when two features use one key, or when a key is used nowhere. It reads text only and
// knows nothing of Svelte.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('../src/', import.meta.url).pathname;
const folder = join(root, 'lib/strings');
const faults = [];

/** Joins the tables of all features in one language. */
function read(language) {
  const all = {};
  for (const name of readdirSync(folder).filter((name) => name.endsWith(`.${language}.json`)).sort()) {
    for (const [key, text] of Object.entries(JSON.parse(readFileSync(join(folder, name), 'utf8')))) {
      if (key in all) faults.push(`"${key}" stands in two tables, one of them ${name}`);
      all[key] = text;
    }
  }
  return all;
}
const en = read('en');
const zh = read('zh-CN');

const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort().join(',');

for (const key of new Set([...Object.keys(en), ...Object.keys(zh)])) {
  if (!(key in zh)) faults.push(`"${key}" is not in Chinese`);
  else if (!(key in en)) faults.push(`"${key}" is not in English`);
  else if (en[key].trim() === '' || zh[key].trim() === '') faults.push(`"${key}" is empty`);
  else if (places(en[key]) !== places(zh[key])) faults.push(`"${key}" has other {places} in the two languages`);
  if (key.endsWith('.one') && !(key.replace(/\.one$/, '.other') in en)) faults.push(`"${key}" has no .other`);
}

// A key built from a code, such as `unit.status.${status}`, is seen by its fixed beginning.
const sources = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  .join('\n');
const beginnings = [...sources.matchAll(/`([a-z_.]+\.)\$\{/g)].map((found) => found[1]);
for (const key of Object.keys(en)) {
  const stem = key.replace(/\.(one|other)$/, '');
  const used = sources.includes(`'${stem}'`) || sources.includes(`"${stem}"`) || beginnings.some((start) => key.startsWith(start));
  if (!used) faults.push(`"${key}" is used nowhere`);
}

if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log(`strings: ${Object.keys(en).length} keys in two languages`);
