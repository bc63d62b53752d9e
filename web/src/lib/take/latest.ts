// One question that is asked again and again while somebody types: it waits for a short pause, drops what
// is still under way when a newer one is asked, and hands on only the newest answer.

/** Asks after a pause; of several askings only the newest counts. */
export class Latest<About, Answer> {
  #due: ReturnType<typeof setTimeout> | undefined;
  #under_way: AbortController | null = null;
  /** True from the asking until the answer, the pause included. */
  busy = false;

  constructor(
    private readonly ask: (about: About, signal: AbortSignal) => Promise<Answer>,
    private readonly take: (answer: Answer, about: About) => void,
    private readonly fail: (error: unknown) => void,
  ) {}

  /** Asks after a pause in ms, and forgets what was asked before. */
  soon(about: About, pause_ms: number) {
    this.stop();
    this.busy = true;
    this.#due = setTimeout(() => void this.#now(about), pause_ms);
  }

  /** Forgets what was asked. */
  stop() {
    clearTimeout(this.#due);
    this.#under_way?.abort();
    this.#under_way = null;
    this.busy = false;
  }

  async #now(about: About) {
    const mine = new AbortController();
    this.#under_way = mine;
    try {
      const answer = await this.ask(about, mine.signal);
      if (mine.signal.aborted) return;
      this.busy = false;
      this.take(answer, about);
    } catch (error) {
      if (mine.signal.aborted) return;
      this.busy = false;
      this.fail(error);
    }
  }
}
