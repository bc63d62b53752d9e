// Keeps the screen of a phone in a holder lit, where the crew wants that and the browser can. The browser
// takes the light away when the page is hidden; it is asked for again when the page comes back.

const WANTED_AS = 'watchfire.crew.light';

/** The light of this phone's screen. */
export class ScreenLight {
  readonly possible = 'wakeLock' in navigator;
  wanted = $state(localStorage.getItem(WANTED_AS) === 'yes');

  #held: WakeLockSentinel | null = null;

  /** Begins; returns how to stop. */
  start(): () => void {
    const again = () => void this.#hold();
    document.addEventListener('visibilitychange', again);
    again();
    return () => {
      document.removeEventListener('visibilitychange', again);
      void this.#held?.release();
    };
  }

  /** Sets whether the screen stays lit, and keeps the choice. */
  set(wanted: boolean) {
    this.wanted = wanted;
    localStorage.setItem(WANTED_AS, wanted ? 'yes' : 'no');
    if (wanted) void this.#hold();
    else void this.#held?.release();
  }

  async #hold() {
    if (!this.possible || !this.wanted || document.visibilityState !== 'visible') return;
    try {
      this.#held = await navigator.wakeLock.request('screen');
    } catch {
      // A phone that saves power says no; then the screen goes dark as it always does.
    }
  }
}
