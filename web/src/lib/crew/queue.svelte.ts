// Sends what the crew tapped: once, in order, each after the one before it is durable on the node. A line
// that breaks changes nothing but the time; a refusal stops everything behind it until the crew has read
// why. Two pages on one phone take turns by a lock of the browser. Start at `Queue`.

import { Refusal, act, idempotencyKey } from '../api/client';
import type { Assignment, Directive, Incident, OwnRounds, Patrol, Unit } from '../api/types';
import { play } from '../desk/sound';
import { openWaiting, type AssignmentStep, type Step, type Waiting, type WaitingStore } from './waiting';

/** The lock that lets one page of this browser send at a time. */
const TURN = 'watchfire.crew.turn';
/** Where the pages of this browser tell each other that the list has changed. */
const CHANNEL = 'watchfire.crew.waiting';
/** The shortest and longest wait before the next try, in ms. */
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 10_000;

/** Returns true for a step of an assignment, false for one of the unit itself and for a note. */
export function isAssignmentStep(step: Step): step is AssignmentStep {
  switch (step) {
    case 'acknowledge':
    case 'decline':
    case 'depart':
    case 'arrive':
    case 'clear':
      return true;
    case 'available':
    case 'out-of-service':
    case 'rest':
    case 'end-rest':
    case 'off-duty':
    case 'move-understood':
    case 'visit':
    case 'skip':
    case 'directive-signed':
    case 'directive-acting':
    case 'directive-reported':
    case 'note':
      return false;
  }
}

/** What the node answered to a step. */
export type Taken = { step: Step; number: number | null; at_ms: number } & (
  | { assignment: Assignment }
  | { unit: Unit }
  | { incident: Incident }
  | { directive: Directive }
  /** A volunteer, who sees no plan, is answered with their own rounds. */
  | { patrol: Patrol | OwnRounds }
);

/** The statuses of one person on this phone that the node does not have yet. */
export class Queue {
  /** All that wait, in the order of tapping. */
  items = $state.raw<Waiting[]>([]);
  /** False when this browser forgets them as soon as the page is closed. */
  lasting = $state(true);
  /** The one that is being asked of the node now. */
  sending = $state<number | null>(null);

  /** True from the first try that did not reach the node until one does. */
  failing = $state(false);

  /** Those of this person; only these are sent. */
  mine = $derived(this.items.filter((item) => item.person === this.person));
  /** Those that somebody else left on this phone. */
  strange = $derived(this.items.filter((item) => item.person !== this.person));
  /** The one that the node refused, which holds up the others. */
  refused = $derived(this.mine.find((item) => item.refused !== null) ?? null);

  #store: Promise<WaitingStore>;
  #channel = new BroadcastChannel(CHANNEL);
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #running = false;
  #again = false;
  #stopped = false;

  constructor(
    private readonly person: string,
    private readonly ontaken: (taken: Taken) => void,
    private readonly onsignedout: () => void,
  ) {
    this.#store = openWaiting();
  }

  /** Begins sending what waits; returns how to stop. */
  start(): () => void {
    const again = () => void this.send();
    this.#channel.onmessage = () => void this.#read();
    window.addEventListener('online', again);
    document.addEventListener('visibilitychange', again);
    void this.#read().then(again);
    return () => {
      this.#stopped = true;
      clearTimeout(this.#retry);
      window.removeEventListener('online', again);
      document.removeEventListener('visibilitychange', again);
      this.#channel.close();
    };
  }

  /** Puts a status down for good, then tries to send it. */
  async add(step: Step, about: string, number: number | null, body: Record<string, string | number>, tapped_ms: number) {
    const store = await this.#store;
    await store.add({ key: idempotencyKey(), person: this.person, step, about, number, body, tapped_ms, refused: null });
    await this.#changed();
    await this.send();
  }

  /** Lets one go without sending it; what is behind it goes on. */
  async drop(seq: number) {
    await (await this.#store).remove(seq);
    await this.#changed();
    await this.send();
  }

  /** Lets all of this person go without sending them. */
  async dropAll() {
    const store = await this.#store;
    for (const item of this.mine) await store.remove(item.seq);
    await this.#changed();
  }

  /** Forgets all that waits on this phone, whoever tapped it. */
  async clear() {
    await (await this.#store).clear();
    await this.#changed();
  }

  /** Sends what waits, if it is this page's turn and nothing was refused. */
  async send() {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    clearTimeout(this.#retry);
    try {
      do {
        this.#again = false;
        // Without locks (a page that is not protected by TLS) each page still sends in order by itself,
        // and the node carries out each key once.
        if (navigator.locks) await navigator.locks.request(TURN, () => this.#sendAll());
        else await this.#sendAll();
      } while (this.#again && !this.#stopped);
    } finally {
      this.#running = false;
    }
  }

  async #sendAll() {
    const store = await this.#store;
    while (!this.#stopped) {
      // Another page may have sent some while this one waited for its turn.
      await this.#read();
      const first = this.mine[0];
      if (!first || first.refused) return;
      this.sending = first.seq;
      try {
        const taken = await ask(first);
        this.#failures = 0;
        this.failing = false;
        await store.remove(first.seq);
        this.ontaken(taken);
      } catch (error) {
        if (!(error instanceof Refusal) || passes(error)) return this.#later();
        this.failing = false;
        if (error.problem.status === 401) return this.onsignedout();
        await store.put({ ...first, refused: error.problem });
        play('refused');
      } finally {
        this.sending = null;
        await this.#changed();
      }
    }
  }

  #later() {
    this.failing = true;
    const wait = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#failures);
    this.#failures += 1;
    clearTimeout(this.#retry);
    if (!this.#stopped) this.#retry = setTimeout(() => void this.send(), wait);
  }

  async #changed() {
    await this.#read();
    if (!this.#stopped) this.#channel.postMessage(null);
  }

  async #read() {
    const store = await this.#store;
    this.lasting = store.lasting;
    this.items = (await store.all()).sort((a, b) => a.seq - b.seq);
  }
}

/** A node that is overloaded, starting or out of disk has not decided anything: the same is asked again. */
const passes = (refusal: Refusal) => refusal.problem.status === 429 || refusal.problem.status >= 500;

async function ask(item: Waiting): Promise<Taken> {
  const { step, number } = item;
  const about = encodeURIComponent(item.about);
  const at_ms = item.tapped_ms;
  if (isAssignmentStep(step)) {
    const { record } = await act<Assignment>('POST', `/assignments/${about}/${step}`, item.body, item.key);
    return { step, number, at_ms, assignment: record };
  }
  if (step === 'note') {
    const { record } = await act<Incident>('POST', `/incidents/${about}/notes`, item.body, item.key);
    return { step, number, at_ms, incident: record };
  }
  if (step === 'directive-signed' || step === 'directive-acting' || step === 'directive-reported') {
    const body = { do: 'advance', step: step.slice('directive-'.length), ...item.body };
    const { record } = await act<Directive>('POST', `/directives/${about}/steps`, body, item.key);
    return { step, number, at_ms, directive: record };
  }
  if (step === 'visit' || step === 'skip') {
    const { record } = await act<Patrol | OwnRounds>('POST', `/patrols/${about}/${step}s`, item.body, item.key);
    return { step, number, at_ms, patrol: record };
  }
  const { record } = await act<Unit>('POST', `/units/${about}/${step}`, item.body, item.key);
  return { step, number, at_ms, unit: record };
}
