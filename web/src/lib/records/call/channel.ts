// The words for the ways a call can reach the agency. A channel this page does not know yet is
// shown by its code, never hidden.

import { t } from '../../strings/index.svelte';

const known = ['phone', 'text', 'app', 'alarm', 'sensor', 'radio', 'counter', 'import'] as const;
type Known = (typeof known)[number];

/** Returns the name of a channel. */
export function channelName(code: string): string {
  return (known as readonly string[]).includes(code) ? t(`channel.${code as Known}`) : code;
}
