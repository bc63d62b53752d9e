// Who is on duty now, as the node says: asked for now and then, since it changes with the clock alone, and at once when a
// duty post, shift or handover changes. Whether an alarm is heard here hangs on it. Start at `DutyWatch`.

import type { DutyNow } from '../api/types';
import type { Board, OpenAlarm } from '../board/board.svelte';
import { readDuty } from './requests';

/** How often the node is asked, in ms. */
const AGAIN_MS = 15_000;

export class DutyWatch {
  /** What the node said last; null until it has. */
  now = $state.raw<DutyNow | null>(null);
  /** Why the last asking came to nothing, if it did: what is shown may be old. */
  error = $state.raw<unknown>(null);

  constructor(private readonly board: Board) {}

  /** Whether an alarm on a record of a kind goes to who sits here; until the node has answered, it does. */
  isMine(kind: OpenAlarm['kind']): boolean {
    if (this.now === null) return true;
    return kind === 'call' ? this.now.own_call_alarms : this.now.own_incident_alarms;
  }

  /** Whether what is for a seat goes to who sits here: on duty there, or free to sit there while nobody is; until the node
      has answered, it does. */
  isAt(seat: string): boolean {
    return this.now === null || this.now.own_seats.some((own) => own === seat);
  }

  /** Whether the chain of escalation of an overdue directive has reached a seat of who sits here. */
  reaches(open: OpenAlarm): boolean {
    const seats = open.directive?.overdue?.seats ?? [];
    return seats.some((seat) => this.now?.own_seats.includes(seat));
  }

  /** Asks the node at once. */
  async ask(): Promise<void> {
    try {
      this.now = await readDuty();
      this.error = null;
    } catch (error) {
      this.error = error;
    }
  }

  /** Begins to follow; returns how to stop. */
  start(): () => void {
    void this.ask();
    const timer = setInterval(() => void this.ask(), AGAIN_MS);
    const stop = $effect.root(() => {
      let first = true;
      // A number that is another one whenever any of these records is.
      const changed = $derived([...this.board.duty_posts.values(), ...this.board.shifts.values(), ...this.board.handovers.values()].map((each) => `${each.id}${each.version}`).join());
      $effect(() => {
        void changed;
        if (!first) void this.ask();
        first = false;
      });
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  }
}
