// Several agencies of a story's own, each a node with people, a station and units, that speak with each other over lines on
// this machine. Two are made peers as two people would, through the API; a line between two can be led through a relay that
// is cut and healed. Run by itself it opens a joint house to look at: `node e2e/joint.mjs`. Start at `openJoint`.
import net from 'node:net';
import { pathToFileURL } from 'node:url';
import { openHouse } from './house.mjs';
import { until } from './seat.mjs';

/** Where the agencies of a story are: near each other, so that what one sees the other may see too. */
const PLACE = { lat: 30.0, lon: 120.58 };

/** Opens an agency for each name. Every two of them are made peers unless `enrolled` is false. `settings` are keys of their
    configuration by section, besides the line. */
export async function openJoint(names, { enrolled = true, zone = 'Asia/Shanghai', settings = {} } = {}) {
  const agencies = [];
  for (const [at, name] of names.entries()) agencies.push(await openAgency(name, { zone, at, settings }));
  if (enrolled) {
    for (const [at, a] of agencies.entries()) for (const b of agencies.slice(at + 1)) await enrol(a, b);
  }
  return {
    agencies,
    async close() {
      for (const each of agencies) await each.close();
    },
  };
}

/** Opens a node that answers peers, with a duty officer, a dispatcher, a station and three units on duty. */
export async function openAgency(name, { zone = 'Asia/Shanghai', at = 0, settings = {} } = {}) {
  const port = await freePort();
  const federation = { listen: `127.0.0.1:${port}` };
  const house = await openHouse({ name, zone, settings: { ...settings, federation }, peer_addresses: [`127.0.0.1:${port}`] });
  const { node } = await house.admin.get('/peers');
  const duty = await house.person({ login: 'duty', name: `${name} 值班 Duty`, seats: ['dispatcher', 'duty_officer'] });
  const dispatcher = await house.person({ login: 'dispatcher', name: `${name} 调度 Dispatch`, seats: ['dispatcher'] });
  const lat = PLACE.lat + at * 0.01;
  await house.station({ code: String(at + 1), name: `${name} 1`, lat, lon: PLACE.lon });
  const letter = String.fromCharCode(65 + at);
  const units = [];
  for (const [no, kind] of ['engine', 'engine', 'truck'].entries()) {
    units.push(await house.unit({ callsign: `${letter}${no + 1}`, kind, lat, lon: PLACE.lon }));
  }
  return new Agency({ name, house, node, port, duty, dispatcher, units, place: { lat, lon: PLACE.lon } });
}

class Agency {
  #relays = [];

  constructor(made) {
    Object.assign(this, made);
  }

  /** Opens an incident of this agency's own, near all of them. */
  incident(more = {}) {
    return this.house.incident(this.dispatcher, { lat: PLACE.lat + 0.004, lon: PLACE.lon + 0.002, ...more });
  }

  /** Takes a step in an operation, and returns the operation as it then is. */
  step = (operation, body, by = this.duty) => by.post(`/operations/${operation}/steps`, body);

  /** Reads an operation as it is shown here. */
  operation = (id) => this.duty.get(`/operations/${id}`);

  /** Finds a peer as it is shown here. */
  async peer(other) {
    return (await this.duty.get('/peers')).peers.find((each) => each.node === other.node);
  }

  /** Reaches another agency at another address. */
  async reach(other, address) {
    const peer = await until(() => this.peer(other), `${other.name} is a peer of ${this.name}`);
    await this.house.admin.post(`/peers/${peer.id}/steps`, { do: 'amend', name: peer.name, addresses: [address] });
  }

  /** Remembers what has to be closed with it. */
  keep(relay) {
    this.#relays.push(relay);
  }

  async close() {
    for (const each of this.#relays) each.close();
    await this.house.close();
  }
}

/** Makes two agencies peers: one invites, the other accepts, a person at each compares the code. */
export async function enrol(a, b) {
  const { id, text } = await a.house.admin.post('/peers/invitations');
  await b.house.admin.post('/peers/enrolments', { text });
  const own = async (agency) => (await agency.house.admin.get('/peers')).enrolments.find((each) => each.id === id);
  const code = (agency) => until(async () => (await own(agency))?.code, `a code at ${agency.name}`);
  const [here, there] = [await code(a), await code(b)];
  if (here !== there) throw new Error(`two codes: ${here} and ${there}`);
  for (const agency of [a, b]) await agency.house.admin.post(`/peers/enrolments/${id}`, { do: 'confirm', code: here });
  for (const [agency, other] of [[a, b], [b, a]]) await lineIs(agency, other, 'up');
}

/** Waits until one agency sees its line to another so. */
export const lineIs = (agency, other, state) =>
  until(async () => (await agency.peer(other))?.line.state === state, `${agency.name}: the line to ${other.name} is ${state}`, 60_000);

/** Raises an operation at the first agency, and brings the others in; returns its id. */
export async function joined([lead, ...others], more = {}) {
  const body = { name: '跨区包裹 Parcel', purpose: '截停危险包裹 Stop a parcel', legal_basis: '警务协作第54条 Art. 54', handling: 'police_use', ...more };
  const { id } = await lead.duty.post('/operations', body);
  for (const other of others) {
    await lead.step(id, { do: 'invite', node: other.node, role: '协助 helps' });
    await until(async () => (await other.operation(id).catch(() => null))?.own.invited, `${other.name} is called in`);
    await other.step(id, { do: 'join' });
  }
  for (const other of others) {
    const status = async () => (await lead.operation(id)).members.find((member) => member.node === other.node)?.status;
    await until(async () => (await status()) === 'member', `${other.name} has joined`);
  }
  return id;
}

/** Leads the lines between two agencies, both ways, through a relay that can be cut and healed. */
export async function openRelay(a, b) {
  const [there, back] = [await relay(b.port), await relay(a.port)];
  a.keep(there);
  b.keep(back);
  await a.reach(b, there.address);
  await b.reach(a, back.address);
  for (const [agency, other] of [[a, b], [b, a]]) await lineIs(agency, other, 'up');
  return {
    /** Breaks what is open and lets nobody through. */
    cut: () => [there, back].forEach((each) => each.cut()),
    heal: () => [there, back].forEach((each) => each.heal()),
  };
}

async function relay(port) {
  const sockets = new Set();
  let open = true;
  const server = net.createServer((near) => {
    near.on('error', () => undefined);
    if (!open) return near.destroy();
    const far = net.connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    return near.pipe(far).pipe(near);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const cut = () => {
    open = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `127.0.0.1:${server.address().port}`,
    cut,
    heal: () => (open = true),
    close: () => (cut(), server.close()),
  };
}

/** Finds a port that nobody listens on. */
async function freePort() {
  const server = net.createServer();
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Opens two agencies in the middle of an operation and says where they are, until it is interrupted. */
async function showRoom() {
  const joint = await openJoint(['城区分局 City', '机场分局 Airport']);
  const [a, b] = joint.agencies;
  const line = await openRelay(a, b);
  const operation = await joined([a, b]);
  const incident = await a.incident();
  await a.step(operation, { do: 'share', record: `incident:${incident.id}`, assist: true, with_response: true });
  for (const each of joint.agencies) console.log(`${each.name}: ${each.house.url} (login duty)`);
  console.log(`operation ${operation}; c cuts the line, h heals it, q ends`);
  for await (const text of process.stdin) {
    const key = String(text).trim();
    if (key === 'c') line.cut();
    if (key === 'h') line.heal();
    if (key === 'q') break;
  }
  await joint.close();
  process.exit(0);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await showRoom();
