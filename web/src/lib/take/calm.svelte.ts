// The board as the small map of call taking shows it: open incidents and nothing else. It takes over what
// is new only in the pauses of typing, since on a computer without a graphics card each drawing of a map
// delays the next key. Start at `CalmBoard.start`.

import type { Assignment, Incident, Position, RoadCondition, Station, Unit } from '../api/types';
import type { Board } from '../board/board.svelte';
import type { MapBoard } from '../map/board';

/** How often it looks for what is new, in ms. */
const LOOK_MS = 2_000;
/** How long nobody must have typed for it to be drawn, in ms. */
const PAUSE_MS = 1_500;
/** The longest it stays as it is although somebody types on and on, in ms. */
const OLD_MS_MAX = 20_000;

/** What the small map shows. */
export class CalmBoard implements MapBoard {
  incidents = $state.raw<ReadonlyMap<string, Incident>>(new Map());
  open = $state.raw<readonly Incident[]>([]);
  /** A station is drawn with its free units, which are not here. */
  readonly stations: ReadonlyMap<string, Station> = new Map();
  readonly units: ReadonlyMap<string, Unit> = new Map();
  readonly assignments: ReadonlyMap<string, Assignment> = new Map();
  readonly road_conditions: ReadonlyMap<string, RoadCondition> = new Map();
  readonly positions: ReadonlyMap<string, Position> = new Map();
  readonly positions_seen = 0;
  /** Nothing on it has an age. */
  readonly clock = { now_ms: 0, speed: null };

  #typed_at = -PAUSE_MS;
  #drawn_at = -OLD_MS_MAX;

  constructor(private readonly board: Board) {}

  /** Begins to follow the live board; returns how to stop. */
  start(): () => void {
    const onkeydown = () => (this.#typed_at = performance.now());
    window.addEventListener('keydown', onkeydown, { capture: true, passive: true });
    const timer = setInterval(() => this.#look(), LOOK_MS);
    this.#look();
    return () => {
      clearInterval(timer);
      window.removeEventListener('keydown', onkeydown, { capture: true });
    };
  }

  #look() {
    const now = performance.now();
    if (now - this.#typed_at < PAUSE_MS && now - this.#drawn_at < OLD_MS_MAX) return;
    if (this.open === this.board.open) return;
    this.#drawn_at = now;
    this.open = this.board.open;
    this.incidents = new Map(this.open.map((incident) => [incident.id, incident]));
  }
}
