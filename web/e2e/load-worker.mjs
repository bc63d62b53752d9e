// The other half of `measure-consoles.mjs`, in processes of their own so that nothing they do delays what is
// measured: many light readers of the stream, or the one who takes calls by a timetable and reports positions.
// Every call carries a mark that is looked for wherever it arrives. Start at the end, with the two roles.
import http from 'node:http';
import net from 'node:net';

/** What every call says, around its number; readers and pages look for it. */
export const MARK = /Bench (\d+) end/g;
export const marked = (number) => `Bench ${number} end`;

/** Returns the time in ms since 1970, on the one clock that all processes of this machine share. */
export const now_ms = () => performance.timeOrigin + performance.now();

/** Longest a mark may be: so much is kept of a piece that may have been cut in the middle of one. */
const MARK_BYTES_MAX = 32;
/** Units in one report of positions. */
const POSITIONS_PER_REPORT = 250;
/** How far a unit moves from one fix to the next, in degrees. */
const STEP_DEG = 0.0004;

/** Follows the stream with many plain connections; tells when each first saw each call. */
function read({ port, readers, headers }) {
  const seen = [];
  let open = 0;
  let bytes = 0;
  const began = performance.now();
  const head = `GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  for (let reader = 0; reader < readers; reader += 1) {
    const known = new Map();
    seen.push(known);
    const socket = net.connect(port, '127.0.0.1');
    let rest = '';
    let begun = false;
    socket.write(head);
    socket.on('error', () => undefined);
    socket.on('data', (piece) => {
      const at = now_ms();
      bytes += piece.length;
      const text = rest + piece.latin1Slice();
      if (!begun) {
        if (!text.startsWith('HTTP/1.1 200')) throw new Error(`a reader was told ${text.slice(0, 40)}`);
        begun = true;
        if ((open += 1) === readers) process.send({ ready: true });
      }
      rest = text.slice(-MARK_BYTES_MAX);
      if (!text.includes('Bench ')) return;
      for (const [, number] of text.matchAll(MARK)) if (!known.has(Number(number))) known.set(Number(number), at);
    });
  }
  process.on('message', ({ ask }) => ask === 'seen' && process.send({ seen: seen.map((known) => [...known]), bytes, seconds: (performance.now() - began) / 1_000 }));
}

/** Sends what is asked by a timetable: what has to wait behind something slow counts its waiting. */
function send({ port, headers, units, round_ms }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const post = (path, body, key) =>
    new Promise((done, failed) => {
      const asked = http.request(
        { agent, port, host: '127.0.0.1', method: 'POST', path: `/api/v1${path}`, headers: { ...headers, 'Content-Type': 'application/json', ...(key ? { 'Idempotency-Key': key } : {}) } },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (piece) => (text += piece)).on('end', () => {
            if (answer.statusCode < 300) done(now_ms());
            else failed(new Error(`POST ${path}: ${answer.statusCode} ${text}`));
          });
        },
      );
      asked.on('error', failed);
      asked.end(JSON.stringify(body));
    });

  const report_ms = (round_ms * POSITIONS_PER_REPORT) / units.length;
  let next = 0;
  const move = () => {
    const positions = [];
    for (let n = 0; n < Math.min(POSITIONS_PER_REPORT, units.length); n += 1, next = (next + 1) % units.length) {
      const unit = units[next];
      unit.heading = (unit.heading + Math.floor(Math.random() * 41) + 340) % 360;
      unit.lat += Math.cos((unit.heading * Math.PI) / 180) * STEP_DEG;
      unit.lon += Math.sin((unit.heading * Math.PI) / 180) * STEP_DEG;
      positions.push({ unit: unit.callsign, lat: unit.lat, lon: unit.lon, heading_deg: unit.heading });
    }
    return post('/positions', { positions });
  };

  async function moveOn() {
    const began = performance.now();
    for (let turn = 1; ; turn += 1) {
      await move();
      const wait = began + turn * report_ms - performance.now();
      await new Promise((over) => setTimeout(over, Math.max(0, wait)));
    }
  }

  async function takeCalls({ calls, per_s }) {
    const began = performance.now() + 200;
    const asked = calls.map(async ({ number, body }, index) => {
      const due = began + (index * 1_000) / per_s;
      await new Promise((over) => setTimeout(over, due - performance.now()));
      return [number, performance.timeOrigin + due, await post('/calls', body, `bench ${number}`)];
    });
    return Promise.all(asked);
  }

  process.on('message', ({ ask, ...given }) => {
    if (ask === 'move') moveOn().catch((error) => fail(error));
    if (ask === 'calls') takeCalls(given).then((took) => process.send({ took }), fail);
  });
  process.send({ ready: true });
}

function fail(error) {
  console.error(error);
  process.exit(1);
}

if (process.send) {
  process.once('disconnect', () => process.exit());
  process.once('message', ({ role, ...given }) => (role === 'read' ? read(given) : send(given)));
}
