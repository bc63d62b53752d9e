// How this browser shows and sounds, kept for next time: dark or light, sounds or silence. It changes
// nothing but the page.

/** What was chosen; `system` follows the computer. */
export type Theme = 'dark' | 'light' | 'system';

const THEME_AS = 'watchfire.theme';
const MUTED_AS = 'watchfire.muted';

class Look {
  theme = $state<Theme>('dark');
  muted = $state(false);

  constructor() {
    const kept = localStorage.getItem(THEME_AS);
    // A control room is dark; who wants it otherwise says so once.
    this.theme = kept === 'light' || kept === 'system' ? kept : 'dark';
    this.muted = localStorage.getItem(MUTED_AS) === 'yes';
    matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => this.#put());
    this.#put();
  }

  /** Changes the colours of the whole page and keeps the choice. */
  choose(theme: Theme) {
    this.theme = theme;
    localStorage.setItem(THEME_AS, theme);
    this.#put();
  }

  /** Shows these colours where nobody has chosen any; keeps nothing. */
  suggest(theme: Theme) {
    if (localStorage.getItem(THEME_AS) !== null) return;
    this.theme = theme;
    this.#put();
  }

  /** Silences this page or lets it sound again, and keeps the choice. */
  mute(muted: boolean) {
    this.muted = muted;
    localStorage.setItem(MUTED_AS, muted ? 'yes' : 'no');
  }

  /** Counts up when the colours change, for what is painted and not styled, such as the map. */
  changes = $state(0);

  #put() {
    const light = this.theme === 'light' || (this.theme === 'system' && matchMedia('(prefers-color-scheme: light)').matches);
    document.documentElement.dataset['theme'] = light ? 'light' : 'dark';
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', light ? '#f4f6f8' : '#0b0f14');
    this.changes += 1;
  }
}

/** How this page looks and sounds. */
export const look = new Look();
