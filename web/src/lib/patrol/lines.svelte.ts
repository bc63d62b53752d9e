// The ways of a plan's accepted rounds along the roads: asked for when a plan is opened and when other rounds are accepted.
// Until they are told, and where they cannot be, the map joins the stops by straight lines. Start at `RoundLines.follow`.

import type { Patrol, PatrolLine } from '../api/types';
import { readLines } from './requests';

/** The lines of one plan at a time. */
export class RoundLines {
  #told = $state.raw<{ key: string; lines: Map<string, PatrolLine['ways']> } | null>(null);

  /** Returns the ways of a unit's round, if they are of the rounds that the plan has now. */
  of(plan: Patrol, unit: string): PatrolLine['ways'] | undefined {
    return this.#told?.key === keyOf(plan) ? this.#told.lines.get(unit) : undefined;
  }

  /** Asks for the lines of a plan's rounds; for an effect, which ends the asking by what is returned. */
  follow(plan: Patrol): () => void {
    const leaving = new AbortController();
    const key = keyOf(plan);
    if (plan.rounds.length > 0 && this.#told?.key !== key) {
      readLines(plan.id, leaving.signal)
        .then(({ lines }) => (this.#told = { key, lines: new Map(lines.map(({ unit, ways }) => [unit, ways])) }))
        .catch(() => undefined);
    }
    return () => leaving.abort();
  }
}

/** What tells one set of rounds from another: the plan, and when they were accepted. */
export const keyOf = (plan: Patrol) => `${plan.id} ${plan.planned_at ?? ''}`;
