// Measures how long a road condition takes from the node's durable answer until it is in force, on a real road network:
// `ROADS=map.osm.pbf WATCHFIRE_BIN=... node e2e/measure-conditions.mjs`. It closes and reopens one place many times, and asks for a
// recommendation all the while to see whether anybody waits. Prints a table in Markdown.
import { mkdtempSync, rmSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { openHouse } from './house.mjs';

const map = process.env.ROADS;
if (!map || !process.env.WATCHFIRE_BIN) throw new Error('set ROADS to a map file and WATCHFIRE_BIN to the program');
const rounds = Number(process.env.ROUNDS ?? 30);

const folder = mkdtempSync(path.join(tmpdir(), 'watchfire-measure-'));
const file = path.join(folder, 'roads');
await promisify(execFile)(process.env.WATCHFIRE_BIN, ['roads', 'build', map, file], { maxBuffer: 1 << 26 });
const house = await openHouse({ response: '', roads_file: file });
try {
  const by = await house.program('dispatcher');
  const { bounds } = (await by.get('/node')).roads;
  const [lat, lon] = [(bounds.south + bounds.north) / 2, (bounds.west + bounds.east) / 2];
  for (let at = 0; at < 20; at += 1) await house.unit({ callsign: `U${at}`, lat: lat + 0.004 * (at % 5), lon: lon + 0.004 * Math.floor(at / 5) });
  const incident = await house.incident(by, { lat, lon, category: 'fire' });
  const version = async () => (await by.get('/node')).roads.conditions_version;
  const in_force_ms = [];
  const asked_ms = [];
  const change = async (path, body) => {
    const before = await version();
    await by.post(path, body);
    const began = performance.now();
    while ((await version()) === before) { /* until it is another */ }
    in_force_ms.push(performance.now() - began);
    const asking = performance.now();
    await by.get(`/incidents/${incident.id}/recommendation`);
    asked_ms.push(performance.now() - asking);
    // The node answers a program only so often.
    await new Promise((again) => setTimeout(again, 700));
  };
  let met = 0;
  for (let round = 0; round < rounds; round += 1) {
    const before = new Set((await by.get('/board')).road_conditions.map(({ id }) => id));
    await change('/road-conditions', { effect: { is: 'closed' }, reason: 'measured', shape: { is: 'circle', centre: [lon, lat], radius_m: 400 } });
    const made = (await by.get('/board')).road_conditions.find(({ id }) => !before.has(id));
    met = (await by.get('/map/road-conditions.geojson')).features[0].properties.stretches;
    await change(`/road-conditions/${made.id}/end`, {});
  }
  const figures = await (await fetch(`${house.api}/metrics`)).text();
  const number = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(figures)?.[1]);
  const mean_ms = (number('watchfire_roads_seconds_sum') / number('watchfire_roads_seconds_count')) * 1e3;
  const share = (list, part) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))].toFixed(1);
  console.log(`${path.basename(map)}, ${met} stretches met, ${rounds} closings and ${rounds} reopenings, ${cpus().length} processors (${cpus()[0].model})\n`);
  console.log('| what | median | 95 % | worst |\n| --- | --- | --- | --- |');
  for (const [what, list] of [['durable answer to in force, seen over HTTP, ms', in_force_ms], ['recommendation asked for right then, ms', asked_ms]]) {
    console.log(`| ${what} | ${share(list, 0.5)} | ${share(list, 0.95)} | ${share(list, 1)} |`);
  }
  console.log(`| inside the node: roads found, weights made and swapped, mean, ms | ${mean_ms.toFixed(1)} | | |`);
} finally {
  await house.close();
  rmSync(folder, { recursive: true, force: true });
}
