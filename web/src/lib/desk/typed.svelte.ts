// What is typed into a form and not sent yet. It lies in this browser with every key, so that a form that was closed, left or
// loaded anew opens with it again and says from when it is. It goes when it is sent, thrown away, or when the person signs out
// or another one signs in; a session that merely ran out takes nothing away. Start at `Typed`.

import { untrack } from 'svelte';
import type { Desk } from './desk.svelte';
import { KeptItems, forgetItems } from './kept';

const TYPED_AS = 'watchfire.typed';

/** Forgets what all persons typed in this browser, but one where one is named. */
export const forgetTyped = (but?: string) => forgetItems(TYPED_AS, but);

interface Kept<Fields> {
  /** When it was typed, by the node's clock in ms. */
  at_ms: number;
  fields: Fields;
}

/** How a form gives and takes what stands in it. */
export interface Form<Fields> {
  fields: () => Fields;
  put: (fields: Fields) => void;
  /** Of the fields that which is lost work if it goes: where it is as the form opened, nothing is kept. */
  work: (fields: Fields) => unknown;
}

/** What is typed into one form. Made while the form is. */
export class Typed<Fields extends object> {
  /** When that was typed with which the form opened, by the node's clock in ms; null where it opened fresh. */
  kept_ms = $state<number | null>(null);
  /** True where this browser cannot write anything down. */
  no_room = $state(false);

  readonly #kept: KeptItems<Kept<Fields>>;
  readonly #fresh: Fields;
  #written: string;
  #lies = false;
  #over = false;

  /** `id` tells the form and what it is about from all others. */
  constructor(private readonly desk: Desk, private readonly id: string, private readonly form: Form<Fields>) {
    this.#kept = new KeptItems(TYPED_AS, desk.session.person.id, (item) => {
      const kept = item as Kept<Fields> | null;
      return typeof kept?.at_ms === 'number' && typeof kept.fields === 'object' ? kept : null;
    });
    this.#fresh = copy(form.fields());
    const kept = this.#kept.get(id);
    if (kept) {
      form.put({ ...copy(this.#fresh), ...kept.fields });
      this.kept_ms = kept.at_ms;
      this.#lies = true;
    }
    this.#written = JSON.stringify(form.fields());
    $effect(() => {
      const fields = JSON.stringify(form.fields());
      untrack(() => this.#keep(fields));
    });
  }

  /** Forgets it and puts the form back to how it opens fresh. */
  throwAway() {
    this.#forget();
    this.kept_ms = null;
    this.form.put(copy(this.#fresh));
    this.#written = JSON.stringify(this.form.fields());
  }

  /** Forgets it: the node has it. */
  sent() {
    this.#over = true;
    this.#forget();
  }

  #keep(text: string) {
    if (this.#over || text === this.#written) return;
    this.#written = text;
    const fields = JSON.parse(text) as Fields;
    const work = (of: Fields) => JSON.stringify(this.form.work(of));
    if (work(fields) !== work(this.#fresh)) {
      this.#lies = true;
      this.no_room = !this.#kept.put(this.id, { at_ms: this.desk.board.clock.now_ms, fields });
    } else if (this.#lies) this.#forget();
  }

  #forget() {
    this.#lies = false;
    this.#kept.remove(this.id);
  }
}

const copy = <T>(of: T): T => JSON.parse(JSON.stringify(of)) as T;
