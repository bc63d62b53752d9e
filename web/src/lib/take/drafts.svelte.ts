// All half-typed calls of the person who sits here. Every change lies in this browser at once and on the
// node a moment later; on loading, the newer of the two copies is taken. The form never waits for
// either. Start at `Drafts.begin` and `#keep`.

import { LineFault, Refusal } from '../api/client';
import type { Bilingual } from '../api/types';
import type { Board } from '../board/board.svelte';
import { Draft, fromNode, newId, type Fields, type Kept } from './draft.svelte';
import { KeptDrafts } from './kept';
import { deleteDraft, putDraft, readDrafts } from './requests';

/** How long typing is gathered before the node is told, in ms. */
const GATHER_MS = 700;
/** The longest that the node is not told although somebody types on and on, in ms. */
const GATHER_MS_MAX = 3_000;
/** The wait before the node is tried again after it was not reached, in ms. */
const RETRY_MS = 3_000;
/** The same where the node answered but would not keep it, in ms. */
const REFUSED_RETRY_MS = 60_000;

/** Where this window keeps which call it was at, so that the next words after a reload go on where they were. */
const CURRENT_AS = 'watchfire.take.current';

/** What is known of the node's copies. */
export type NodeCopies = 'loading' | 'loaded' | 'failed' | 'not_offered';

/** The half-typed calls of one person. */
export class Drafts {
  /** Those that were answered, the oldest first. */
  list = $state.raw<Draft[]>([]);
  current = $state.raw<Draft>(this.#blank());
  /** Counts up whenever the form should take the focus. */
  focus = $state(0);
  copies = $state<NodeCopies>('loading');
  /** What the node said of a half-typed call that ended elsewhere, until the next one begins. */
  ended = $state.raw<Bilingual | null>(null);
  /** True where this browser cannot write anything down. */
  no_room = $state(false);

  readonly kept: KeptDrafts;
  #timers = new Map<string, { due: ReturnType<typeof setTimeout>; since_ms: number }>();
  #sending = new Set<string>();
  #gone = new Set<string>();
  #closed = false;

  constructor(person: string, private readonly board: Board) {
    this.kept = new KeptDrafts(person);
    for (const kept of this.kept.all()) this.#offer(kept);
    this.list = [...this.list].sort(byAnswered);
    const last = sessionStorage.getItem(CURRENT_AS);
    const found = this.list.find((each) => each.id === last);
    if (found) this.current = found;
  }

  /** Begins to listen to the other windows and to the node; returns how to stop. */
  start(): () => void {
    const onstorage = (event: StorageEvent) => this.#heard(event);
    const onhide = () => {
      if (document.visibilityState === 'hidden') for (const draft of this.list) if (this.#timers.has(draft.id)) void this.#toNode(draft);
    };
    window.addEventListener('storage', onstorage);
    document.addEventListener('visibilitychange', onhide);
    void this.#readNode();
    return () => {
      onhide();
      this.#closed = true;
      window.removeEventListener('storage', onstorage);
      document.removeEventListener('visibilitychange', onhide);
      for (const { due } of this.#timers.values()) clearTimeout(due);
      for (const draft of this.list) if (draft.seq > draft.on_node && this.copies !== 'not_offered') void this.#toNode(draft);
    };
  }

  /** Parks the present call and begins another, answered now. */
  begin(known: Partial<Fields> = {}) {
    const now = this.board.line === 'live' ? new Date(this.board.clock.now_ms).toISOString() : null;
    // An empty form that was only just opened is the same form.
    const draft = this.current.empty && this.current.sent === null ? this.current : this.#blank();
    draft.begun_at_ms = Date.now();
    this.ended = null;
    if (!this.list.includes(draft)) this.list = [...this.list, draft];
    this.current = draft;
    sessionStorage.setItem(CURRENT_AS, draft.id);
    draft.put({ opened_at: now, ...known });
    this.focus += 1;
  }

  /** Goes on with a call that was parked. */
  open(draft: Draft) {
    this.#dropEmpty(draft);
    this.current = draft;
    sessionStorage.setItem(CURRENT_AS, draft.id);
    this.focus += 1;
  }

  /** Goes on with the half-typed call before (-1) or after (1) the current one, round the list. */
  step(by: -1 | 1) {
    const at = this.list.indexOf(this.current);
    const to = at === -1 ? (by === 1 ? 0 : this.list.length - 1) : (at + by + this.list.length) % this.list.length;
    const draft = this.list[to];
    if (draft && draft !== this.current) this.open(draft);
  }

  /** Lets a call go: it was accepted, or is not wanted. */
  remove(draft: Draft, tell: 'tell_node' | 'node_knows') {
    this.#gone.add(draft.id);
    clearTimeout(this.#timers.get(draft.id)?.due);
    this.#timers.delete(draft.id);
    this.list = this.list.filter((each) => each !== draft);
    this.kept.remove(draft.id);
    if (tell === 'tell_node' && draft.on_node > 0) {
      this.kept.drop(draft.id);
      void this.#tellDropped(draft.id);
    }
    if (this.current === draft) {
      this.current = this.#blank();
      this.focus += 1;
    }
  }

  /** Writes one down as it is after an acceptance that did not go through, and has the node told. */
  settle(draft: Draft) {
    this.no_room = !this.kept.put(draft.id, draft.keep());
    this.#schedule(draft, GATHER_MS);
  }

  /** Gives every call that was begun while the node's clock was not heard its time, now that it is. */
  date() {
    const { now_ms, speed } = this.board.clock;
    for (const draft of this.list) {
      if (draft.fields.opened_at !== null) continue;
      draft.put({ opened_at: new Date(now_ms - (Date.now() - draft.begun_at_ms) * (speed ?? 0)).toISOString() });
    }
  }

  #blank(): Draft {
    return new Draft(newId(), (draft) => this.#keep(draft));
  }

  #dropEmpty(but: Draft) {
    const { current } = this;
    if (current !== but && current.empty && this.list.includes(current)) this.remove(current, 'tell_node');
  }

  /** Puts a kept call into the list, or takes it over where it is newer. */
  #offer(kept: Kept): Draft {
    let draft = this.list.find((each) => each.id === kept.id);
    if (!draft) {
      draft = new Draft(kept.id, (changed) => this.#keep(changed));
      this.list = [...this.list, draft];
    }
    if (kept.seq > draft.seq) draft.take(kept);
    draft.on_node = Math.max(draft.on_node, kept.on_node);
    draft.sent ??= kept.sent;
    return draft;
  }

  #keep(draft: Draft) {
    if (!this.list.includes(draft)) {
      // The first key in a blank form answers the call.
      if (this.board.line === 'live') draft.fields.opened_at ??= new Date(this.board.clock.now_ms).toISOString();
      draft.begun_at_ms = Date.now();
      this.list = [...this.list, draft];
    }
    this.no_room = !this.kept.put(draft.id, draft.keep());
    if (draft.keeping !== 'not_offered') draft.keeping = 'due';
    this.#schedule(draft, GATHER_MS);
  }

  #schedule(draft: Draft, wait_ms: number) {
    if (this.#closed || this.#gone.has(draft.id)) return;
    const known = this.#timers.get(draft.id);
    clearTimeout(known?.due);
    const since_ms = known?.since_ms ?? performance.now();
    const wait = Math.max(0, Math.min(wait_ms, since_ms + Math.max(GATHER_MS_MAX, wait_ms) - performance.now()));
    this.#timers.set(draft.id, { due: setTimeout(() => void this.#toNode(draft), wait), since_ms });
  }

  async #toNode(draft: Draft) {
    clearTimeout(this.#timers.get(draft.id)?.due);
    this.#timers.delete(draft.id);
    if (this.#gone.has(draft.id) || draft.busy || draft.ended !== null) return;
    if (this.#sending.has(draft.id)) return this.#schedule(draft, GATHER_MS);
    this.#sending.add(draft.id);
    const body = draft.forNode();
    try {
      // Without the node's clock there is no line to the node either.
      if (body === null) throw new LineFault('the clock of the node was not heard yet');
      const kept = await putDraft(draft.id, body);
      // Somebody typed on in another browser.
      if (kept && kept.seq > body.seq && !this.#gone.has(draft.id)) this.#offer(fromNode(kept));
      draft.not_kept = null;
      draft.on_node = Math.max(draft.on_node, body.seq);
      draft.kept_at_ms = performance.now();
      if (draft.seq === body.seq) draft.keeping = 'node';
      if (!this.#gone.has(draft.id)) this.kept.put(draft.id, draft.keep());
    } catch (error) {
      const problem = error instanceof Refusal ? error.problem : null;
      if (problem?.code === 'draft_ended') return this.#end(draft, problem.what);
      draft.keeping = problem?.status === 404 ? 'not_offered' : 'browser';
      draft.not_kept = problem?.status === 404 ? null : (problem?.what ?? null);
      this.#schedule(draft, problem === null ? RETRY_MS : REFUSED_RETRY_MS);
    } finally {
      this.#sending.delete(draft.id);
      // It was accepted or dropped while this was on its way.
      if (this.#gone.has(draft.id)) void deleteDraft(draft.id).catch(() => undefined);
    }
  }

  async #tellDropped(id: string) {
    try {
      await deleteDraft(id);
      this.kept.dropKnown(id);
    } catch (error) {
      // What the node does not have it need not drop; anything else is told again with the next loading.
      if (error instanceof Refusal && error.problem.status === 404) this.kept.dropKnown(id);
    }
  }

  /** The node says that a call was accepted or given up elsewhere. What it does not hold stays here. */
  #end(draft: Draft, what: Bilingual) {
    if (draft.all_on_node) {
      this.remove(draft, 'node_knows');
      this.ended = what;
    } else {
      draft.ended = what;
      draft.keeping = 'browser';
    }
  }

  /** Makes a new call of one that has ended, with everything that was typed. */
  renew(draft: Draft) {
    const copy = this.#blank();
    copy.take({ seq: 0, fields: $state.snapshot(draft.fields) });
    this.remove(draft, 'node_knows');
    this.list = [...this.list, copy];
    this.current = copy;
    copy.changed();
    this.focus += 1;
  }

  async #readNode() {
    try {
      const { drafts } = await readDrafts();
      if (this.#closed) return;
      this.copies = 'loaded';
      const there = new Set<string>();
      for (const id of this.kept.dropped()) {
        this.#gone.add(id);
        void this.#tellDropped(id);
      }
      for (const view of drafts) {
        there.add(view.id);
        if (this.#gone.has(view.id)) continue;
        const draft = this.#offer(fromNode(view));
        if (draft.seq === draft.on_node) draft.keeping = 'node';
        this.kept.put(draft.id, draft.keep());
      }
      // What the node does not have any more is sent once again: it says what became of it.
      for (const draft of this.list) if (draft.seq > draft.on_node || !there.has(draft.id)) this.#schedule(draft, 0);
      this.list = [...this.list].sort(byAnswered);
    } catch (error) {
      if (this.#closed) return;
      const missing = error instanceof Refusal && error.problem.status === 404;
      this.copies = missing ? 'not_offered' : 'failed';
      for (const draft of this.list) if (draft.keeping === 'new') draft.keeping = missing ? 'not_offered' : 'browser';
      if (!missing) setTimeout(() => !this.#closed && void this.#readNode(), RETRY_MS);
    }
  }

  /** Another window of this person typed, accepted or dropped something. */
  #heard(event: StorageEvent) {
    const told = this.kept.told(event);
    if (!told) return;
    if (told.kept === null) {
      const draft = this.list.find((each) => each.id === told.id);
      if (!draft) return;
      this.#gone.add(draft.id);
      this.list = this.list.filter((each) => each !== draft);
      if (this.current === draft) this.current = this.#blank();
      return;
    }
    if (!this.#gone.has(told.id)) this.#offer(told.kept);
  }
}

const byAnswered = (a: Draft, b: Draft) => ((a.fields.opened_at ?? '9') < (b.fields.opened_at ?? '9') ? -1 : 1);
