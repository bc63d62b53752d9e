// Cover as the node last told it, asked for again and again while the line is live: one for each screen that shows it. A
// figure that could not be renewed stays and is called old, with its time; none at all is not known, and is not nought.
import type { Cover } from '../../api/types';
import type { Desk } from '../../desk/desk.svelte';
import { readCover } from '../../map/requests';

/** How often it is asked for, in ms. */
const ASK_MS = 10_000;

/** What is known of cover, and since when. */
export class CoverWatch {
  /** The last answer. */
  found = $state.raw<Cover | null>(null);
  /** When it came, by the board's clock; null until one did. */
  at_ms = $state<number | null>(null);
  failed = $state(false);

  constructor(private readonly desk: Desk) {}

  /** The figures of the last answer, if it had any. */
  get known() {
    return this.found?.known ?? null;
  }

  /** True if cover stands below the agency's line. */
  get below(): boolean {
    return this.found !== null && this.known !== null && this.known.percent < this.found.line_percent;
  }

  /** True if nothing newer could be had: what stands here may have changed since. */
  get old(): boolean {
    return this.found !== null && (this.failed || this.desk.board.line === 'cut');
  }

  /** Asks now. */
  async ask(): Promise<void> {
    try {
      this.found = await readCover();
      const { board, node } = this.desk;
      this.at_ms = board.clock.now_ms || Date.parse(node.clock.now);
      this.failed = false;
    } catch {
      this.failed = true;
    }
  }

  /** Asks now and from then on; for an effect, which ends it by what is returned, and begins it anew when the line is back. */
  follow(): () => void {
    if (this.desk.board.line === 'cut') return () => undefined;
    void this.ask();
    const timer = setInterval(() => void this.ask(), ASK_MS);
    return () => clearInterval(timer);
  }
}
