// Keeps the crew's page on the phone, so that it opens without coverage. It answers for the page itself
// and for the files the page is made of, never for the node: what the node says is asked of the node, and
// without coverage the page says that there is none. The build puts in the names of the files
// (`vite.config.ts`); a new list is a new version, which takes over whole.
// @ts-check

/** The page. */
const PAGE = '/crew';
/** The files without which the page does not run. */
const FILES = /** @type {string[]} */ (__FILES__);
/** One store for each version of the page; */
const CURRENT = 'watchfire-crew-__VERSION__';
/** and one for what came along the way, such as the letters of a font. */
const USED = 'watchfire-crew-used';
/** How many files are kept that came along the way. */
const USED_MAX = 200;

const worker = /** @type {any} */ (self);

worker.addEventListener('install', (/** @type {any} */ event) => {
  event.waitUntil(install());
});

worker.addEventListener('activate', (/** @type {any} */ event) => {
  event.waitUntil(activate());
});

worker.addEventListener('message', (/** @type {any} */ event) => {
  const urls = event.data?.keep;
  if (Array.isArray(urls)) event.waitUntil(keepUsed(urls));
});

worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== worker.location.origin || url.pathname.startsWith('/api/')) return;
  if (request.mode === 'navigate') {
    // Other seats are for consoles with a line; they come from the node or not at all.
    if (url.pathname === PAGE || url.pathname === `${PAGE}/`) event.respondWith(page(request));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(file(request, CURRENT));
  } else if (url.pathname.startsWith('/assets/')) {
    event.respondWith(file(request, USED));
  }
});

/** Fetches every file of this version; if one is missing, the version before stays in place. */
async function install() {
  const cache = await caches.open(CURRENT);
  await cache.addAll([PAGE, ...FILES].map((path) => new Request(path, { cache: 'no-cache' })));
  await worker.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith('watchfire-crew-') && name !== CURRENT && name !== USED) await caches.delete(name);
  }
  await worker.clients.claim();
}

/** @param {Request} request */
async function page(request) {
  const cache = await caches.open(CURRENT);
  return (await cache.match(PAGE)) ?? fetch(request);
}

/**
 * @param {Request} request
 * @param {string} where
 */
async function file(request, where) {
  const cache = await caches.open(where);
  const kept = await cache.match(request, { ignoreVary: true });
  if (kept) return kept;
  const fresh = await fetch(request);
  if (fresh.ok) {
    await cache.put(request, fresh.clone());
    if (where === USED) await letGo(cache);
  }
  return fresh;
}

/**
 * Keeps what the page loaded before this worker was there.
 * @param {string[]} urls
 */
async function keepUsed(urls) {
  const cache = await caches.open(USED);
  for (const each of urls) {
    const url = new URL(each, worker.location.origin);
    if (url.origin !== worker.location.origin || !url.pathname.startsWith('/assets/') || FILES.includes(url.pathname)) continue;
    // A file that cannot be fetched now is fetched when it is next needed.
    if (!(await cache.match(url.pathname))) await cache.add(url.pathname).catch(() => undefined);
  }
  await letGo(cache);
}

/**
 * Lets the oldest go, so that what is kept does not grow with every version.
 * @param {Cache} cache
 */
async function letGo(cache) {
  const all = await cache.keys();
  for (const old of all.slice(0, Math.max(0, all.length - USED_MAX))) await cache.delete(old);
}
