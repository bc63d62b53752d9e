// How a step of the crew is said: as what to tap, and as what was tapped. Start at `stepWords`.

import { numbered, t } from '../strings/index.svelte';
import type { Step } from './waiting';

/** Returns what a step is called on its button. */
export const stepWords = (step: Step): string => t(`crew.step.${step}`);

/** Returns what was reported, with the incident where it is about one. */
export function reportedWords(step: Step, number: number | null): string {
  return number !== null ? `${numbered(number)} ${stepWords(step)}` : stepWords(step);
}
