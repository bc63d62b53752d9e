// Where tapped statuses lie until the node has them: a small database in the browser, so that they
// survive a reload, an empty battery and a closed page. A browser that keeps nothing gets a list in memory,
// and the page says so. It knows nothing of sending. Start at `openWaiting`.

import type { Problem } from '../api/types';

/** The steps a crew can report, by the name the node's address gives them. */
export type AssignmentStep = 'acknowledge' | 'decline' | 'depart' | 'arrive' | 'clear';
export type UnitStep = 'available' | 'out-of-service' | 'rest' | 'end-rest' | 'off-duty' | 'move-understood';
/** A visit of a patrol round: made, or not. */
export type RoundStep = 'visit' | 'skip';
/** A step on a directive that is for the crew. */
export type DirectiveStep = 'directive-signed' | 'directive-acting' | 'directive-reported';
/** What can be said to the node: a step, or a note on the incident. */
export type Step = AssignmentStep | UnitStep | RoundStep | DirectiveStep | 'note';

/** One status that was tapped and that the node does not have yet. */
export interface Waiting {
  /** The order of tapping; given by the store. */
  seq: number;
  /** Made at the tap and never changed, so that the node carries it out once. */
  key: string;
  /** Whose session tapped it; nobody else's may send it. */
  person: string;
  step: Step;
  /** The assignment, unit, incident, patrol plan or directive it is about. */
  about: string;
  /** The number of the incident or directive, for the words on the screen. */
  number: number | null;
  body: Record<string, string | number>;
  /** When it was tapped, by the node's time as then known, in ms. */
  tapped_ms: number;
  /** Why the node said no; it waits for the crew then, and so does all that follows. */
  refused: Problem | null;
}

/** What a place for waiting statuses does. */
export interface WaitingStore {
  /** False when what is put here is gone with the page. */
  readonly lasting: boolean;
  all(): Promise<Waiting[]>;
  add(item: Omit<Waiting, 'seq'>): Promise<void>;
  put(item: Waiting): Promise<void>;
  remove(seq: number): Promise<void>;
  clear(): Promise<void>;
}

const DATABASE = 'watchfire-crew';
const STORE = 'waiting';

/** Opens the place for waiting statuses. */
export async function openWaiting(): Promise<WaitingStore> {
  try {
    return inDatabase(await open());
  } catch {
    return inMemory();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const asking = indexedDB.open(DATABASE, 1);
    asking.onupgradeneeded = () => asking.result.createObjectStore(STORE, { keyPath: 'seq', autoIncrement: true });
    asking.onsuccess = () => done(asking.result);
    asking.onerror = () => failed(asking.error ?? new Error('database'));
    asking.onblocked = () => failed(new Error('database is blocked'));
  });
}

function inDatabase(database: IDBDatabase): WaitingStore {
  const run = <T>(mode: IDBTransactionMode, what: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> =>
    new Promise((done, failed) => {
      const transaction = database.transaction(STORE, mode, { durability: 'strict' });
      const asked = what(transaction.objectStore(STORE));
      // Only a completed transaction is on the phone's disk.
      transaction.oncomplete = () => done(asked.result);
      transaction.onabort = () => failed(transaction.error ?? new Error('database'));
      transaction.onerror = () => failed(transaction.error ?? new Error('database'));
    });
  return {
    lasting: true,
    all: () => run('readonly', (store) => store.getAll() as IDBRequest<Waiting[]>),
    add: async (item) => void (await run('readwrite', (store) => store.add(item))),
    put: async (item) => void (await run('readwrite', (store) => store.put(item))),
    remove: async (seq) => void (await run('readwrite', (store) => store.delete(seq))),
    clear: async () => void (await run('readwrite', (store) => store.clear())),
  };
}

function inMemory(): WaitingStore {
  let items: Waiting[] = [];
  let last = 0;
  return {
    lasting: false,
    all: () => Promise.resolve([...items]),
    add: (item) => {
      items.push({ ...item, seq: ++last });
      return Promise.resolve();
    },
    put: (item) => {
      items = items.map((each) => (each.seq === item.seq ? item : each));
      return Promise.resolve();
    },
    remove: (seq) => {
      items = items.filter((each) => each.seq !== seq);
      return Promise.resolve();
    },
    clear: () => {
      items = [];
      return Promise.resolve();
    },
  };
}
