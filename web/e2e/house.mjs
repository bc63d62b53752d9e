// A node of a story's own: made fresh from the program that WATCHFIRE_BIN names, with people in their
// seats, stations and units, all entered over the API as an agency would. It can be killed as by a power
// cut and started again. With WATCHFIRE_DIST the page comes from that folder and only the API from the
// program, so that a page can be tried before a program with it is built. Start at `openHouse`.
import { spawn, execFile } from 'node:child_process';
import { readFileSync, writeFileSync, mkdtempSync, rmSync, existsSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const binary = process.env.WATCHFIRE_BIN;
const dist = process.env.WATCHFIRE_DIST;

/** Why stories that need a node of their own are skipped, or false. */
export const skip_house = binary ? false : 'set WATCHFIRE_BIN to the built program (it starts a fresh node)';

/** The longest a node may take to start or stop, in ms. */
const BOUND_MS = 60_000;
/** The cookie in which a browser's session is. */
const COOKIE = '__Host-watchfire';
/** Everybody's password here; the node wants a long one. */
export const PASSWORD = 'a sentence that only tests know';
/** The response plans whose categories and kinds the stories use. */
const RESPONSE = fileURLToPath(new URL('../../examples/demo-city/response.toml', import.meta.url));

const run = promisify(execFile);

/** Makes a node, starts it and signs its administrator in. `settings` are keys of its configuration by section, `town` is a
    map as OSM XML (`streets`) from which its roads are built, `roads_file` names roads that are built already. */
export async function openHouse({ name = 'House', zone = 'Asia/Shanghai', response = RESPONSE, settings = {}, town = null, roads_file = '', peer_addresses = [] } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'watchfire-house-'));
  const data = path.join(folder, 'node');
  const { stdout } = await run(binary, ['init', data, '--name', name, ...peer_addresses.flatMap((each) => ['--peer-address', each])]);
  // The root key's words are written the same way and come before it.
  const code = /first sign-in[^:]*:\s*([0-9A-Z]{5}(?:-[0-9A-Z]{5}){3})/.exec(stdout)?.[1];
  if (!code) throw new Error(`no code in what init said: ${stdout}`);
  const roads = town === null ? { file: roads_file } : { file: await buildRoads(folder, town) };
  configure(path.join(data, 'watchfire.toml'), { '': { zone }, ...settings, response: { file: response }, roads });
  const house = new House(folder, data);
  await house.start();
  house.admin = await house.enrolWith({ code, login: 'admin', name: 'Admin' });
  return house;
}

/** Sets keys of the configuration, by section; the one without a name is the top. */
function configure(file, settings) {
  const sections = readFileSync(file, 'utf8').split(/^(?=\[)/m);
  for (const [section, keys] of Object.entries(settings)) {
    const at = section === '' ? 0 : sections.findIndex((each) => each.startsWith(`[${section}]`));
    for (const [key, value] of Object.entries(keys)) {
      const line = new RegExp(`^${key} = .*$`, 'm');
      if (at < 0 || !line.test(sections[at])) throw new Error(`the configuration has no ${section}.${key}`);
      sections[at] = sections[at].replace(line, () => `${key} = ${JSON.stringify(value)}`);
    }
  }
  writeFileSync(file, sections.join(''));
}

async function buildRoads(folder, town) {
  const [map, file] = [path.join(folder, 'town.osm'), path.join(folder, 'town.roads')];
  writeFileSync(map, town);
  await run(binary, ['roads', 'build', map, file]);
  return file;
}

/** A map as OSM XML: each street has the tags of its names and goes through points of a grid, [east, north], `step` degrees apart. */
export function streets(list, { lat = 30, lon = 120.58, step = 0.005 } = {}) {
  const ids = new Map();
  const node = ([east, north]) => {
    const at = `${east},${north}`;
    if (!ids.has(at)) ids.set(at, { id: ids.size + 1, lat: lat + north * step, lon: lon + east * step });
    return ids.get(at).id;
  };
  const tag = ([name, value]) => `<tag k="${name}" v="${value}"/>`;
  const ways = list.map(({ through, ...tags }, index) =>
    `<way id="${index + 1}">${through.map((each) => `<nd ref="${node(each)}"/>`).join('')}${Object.entries({ highway: 'residential', ...tags }).map(tag).join('')}</way>`);
  const nodes = [...ids.values()].map((each) => `<node id="${each.id}" lat="${each.lat.toFixed(6)}" lon="${each.lon.toFixed(6)}"/>`);
  return `<osm version="0.6">${nodes.join('')}${ways.join('')}</osm>`;
}

/** Somebody who asks the node for something. */
export class Client {
  #asked = 0;
  constructor(house, headers, about) {
    this.house = house;
    this.headers = headers;
    /** Login, name and id of the person. */
    this.about = about;
  }

  /** Asks, and returns the status, the headers and the body. */
  async ask(method, to, body, headers = {}) {
    const key = `story ${this.about.login} ${Date.now()} ${(this.#asked += 1)}`;
    const answer = await fetch(`${this.house.api}/api/v1${to}`, {
      method,
      headers: { ...this.headers, 'Content-Type': 'application/json', 'Idempotency-Key': key, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, json: text === '' ? null : JSON.parse(text) };
  }

  /** Asks, and fails unless the node said yes; returns the body. */
  async must(method, to, body, headers) {
    const answer = await this.ask(method, to, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${to}: ${answer.status} ${JSON.stringify(answer.json)}`);
    return answer.json;
  }

  get = (to) => this.must('GET', to);
  post = (to, body = {}, headers = {}) => this.must('POST', to, body, headers);
  put = (to, body = {}, headers = {}) => this.must('PUT', to, body, headers);
}

class House {
  #child = null;
  #front = null;
  #port = 0;
  /** The administrator (and duty officer). */
  admin = null;
  /** Where the API is. */
  api = '';
  /** Where the page is; the same unless WATCHFIRE_DIST is set. */
  url = '';

  constructor(folder, data) {
    this.folder = folder;
    this.data = data;
  }

  /** Starts the node, at the address where it was before if it was. */
  async start() {
    this.#child = spawn(binary, ['serve', this.data, '--listen', `127.0.0.1:${this.#port}`], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.api = await address(this.#child);
    this.#port = Number(new URL(this.api).port);
    if (dist && !this.#front) this.#front = await front(() => this.#port);
    this.url = this.#front ? this.#front.url : this.api;
  }

  /** Ends the node as a power cut would. */
  async kill() {
    await ended(this.#child, 'SIGKILL');
    this.#child = null;
  }

  /** Ends the node in peace; it can be started again. */
  async stop() {
    await ended(this.#child, 'SIGTERM');
    this.#child = null;
  }

  /** Ends the node in peace and removes all it kept. */
  async close() {
    if (this.#child) await ended(this.#child, 'SIGTERM');
    this.#front?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Signs somebody in for the first time, with a one-time code. */
  async enrolWith({ code, login, name }) {
    const answer = await fetch(`${this.api}/api/v1/enrolment`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ code, login, name, password: PASSWORD }),
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(`enrolment of ${login}: ${answer.status} ${JSON.stringify(body)}`);
    const cookie = answer.headers.getSetCookie().find((each) => each.startsWith(`${COOKIE}=`))?.split(';')[0];
    return new Client(this, { Cookie: cookie }, { login, name, id: body.person.id });
  }

  /** Enrols a person with a password; they can sign in on the page too (`signIn`, or by hand). */
  async person({ login, name = login, seats, unit = null }) {
    const made = await this.admin.post('/people', { login, name, seats, unit });
    const { secret } = await this.admin.post(`/people/${made.id}/code`);
    return this.enrolWith({ code: secret, login, name });
  }

  /** Enrols a program with a token for one seat: fast, and good for asking only. */
  async program(seat, { login = `program-${seat}`, unit = null } = {}) {
    const made = await this.admin.post('/people', { login, name: login, seats: [seat], unit, program: true });
    const { secret } = await this.admin.post(`/people/${made.id}/tokens`, { label: 'stories', seat });
    return new Client(this, { Authorization: `Bearer ${secret}` }, { login, name: login, id: made.id });
  }

  /** Gives a browser the session of somebody who was enrolled. */
  async signIn(context, client) {
    const value = client.headers.Cookie.slice(COOKIE.length + 1);
    await context.addCookies([{ name: COOKIE, value, domain: '127.0.0.1', path: '/', secure: true, httpOnly: true, sameSite: 'Strict' }]);
  }

  /** Enters a station. */
  station({ code, name = `Station ${code}`, lat = 30.0, lon = 120.58, areas = [] }) {
    return this.admin.post('/stations', { code, name, place: { lat, lon }, areas });
  }

  /** Enters a unit and brings it on duty. */
  async unit({ callsign, kind = 'engine', lat = 30.0, lon = 120.58, on_duty = true, ...more }) {
    const unit = await this.admin.post('/units', { callsign, kind, post: { lat, lon }, ...more });
    return on_duty ? this.admin.post(`/units/${unit.id}/available`) : unit;
  }

  /** Takes a call and opens an incident from it; returns the incident. */
  async incident(by, { lat = 30.001, lon = 120.581, address = 'Fushan Street 9', category = 'structure_fire', priority = 2, ...more } = {}) {
    const call = await by.post('/calls', { place: { lat, lon, address }, category, priority, ...more });
    return by.post('/incidents', { call: call.id });
  }

  /** Sends units to an incident; returns the assignments. */
  async send(by, incident, units) {
    return (await by.post(`/incidents/${incident}/assignments`, { units })).assignments;
  }
}

/** Waits for the address that a starting node prints, and goes on reading so that it never waits for a reader. */
function address(child) {
  return new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error('the node did not start in time')), BOUND_MS);
    let said = '';
    const read = (line) => {
      said += `${line}\n`;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
      if (!found) return;
      clearTimeout(timer);
      done(found);
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('exit', (code) => {
      clearTimeout(timer);
      failed(new Error(`the node ended (${code}) before it was ready:\n${said}`));
    });
  });
}

function ended(child, signal) {
  return new Promise((done, failed) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    const timer = setTimeout(() => failed(new Error('the node did not end in time')), BOUND_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      done();
    });
    child.kill(signal);
  });
}

const KINDS = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
  '.json': 'application/json', '.webmanifest': 'application/manifest+json', '.svg': 'image/svg+xml', '.png': 'image/png', '.woff2': 'font/woff2',
};

/** Returns where the page of a node that runs already is: the node's own, or that of WATCHFIRE_DIST, and how to end it. */
export const openFront = async (node) => (dist ? front(() => Number(new URL(node).port)) : { url: node, close: () => undefined });

/** Serves the page from a folder as the node would, and hands what is for the API on to the node. */
async function front(port) {
  const server = http.createServer((asked, answer) => {
    const { pathname } = new URL(asked.url, 'http://localhost');
    const on = { host: '127.0.0.1', port: port(), method: asked.method, path: asked.url, headers: asked.headers };
    if (pathname.startsWith('/api/')) {
      const handed = http.request(on, (told) => {
        answer.writeHead(told.statusCode, told.headers);
        told.pipe(answer);
        told.on('error', () => answer.destroy());
      });
      handed.on('error', () => answer.destroy());
      answer.on('close', () => handed.destroy());
      asked.pipe(handed);
      return;
    }
    const name = pathname.includes('.') ? pathname : '/index.html';
    const file = path.join(dist, path.normalize(name));
    // The content policy is the node's own, so that the page is tried under it.
    http.get({ host: '127.0.0.1', port: port(), path: '/' }, (told) => {
      told.resume();
      const found = existsSync(file);
      answer.writeHead(found ? 200 : 404, {
        'Content-Type': found ? (KINDS[path.extname(file)] ?? 'application/octet-stream') : 'text/plain',
        'Cache-Control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        'Content-Security-Policy': told.headers['content-security-policy'] ?? '',
        'Permissions-Policy': told.headers['permissions-policy'] ?? '',
      });
      answer.end(found ? readFileSync(file) : '');
    }).on('error', () => answer.destroy());
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
