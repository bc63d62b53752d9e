// What is heard of operations, by those who can deal with it, and where somebody is on duty by them alone: an invitation, a
// request to us, a clash, once each; and one soft sound when a member's line has been down for half a minute. Old news is never
// heard: not what is older than ten minutes when it arrives, not a line that was down before this page was opened, and nothing
// when a line comes back.

import { untrack } from 'svelte';
import type { Desk } from '../desk/desk.svelte';
import { play } from '../desk/sound';
import { isNews } from '../records/operation/joint';
import type { Wait } from '../records/operation/watch.svelte';

/** How long a line is down before it is heard, in ms. */
const DOWN_MS = 30_000;
/** After this it is no news any more, in ms. */
const DOWN_OLD_MS = 60_000;

/** Listens for as long as the component lives that calls it, except where `deaf` says so. */
export function listen(desk: Desk, deaf: () => boolean) {
  const { board, joint } = desk;
  let heard: Set<string> | null = null;
  let down = new Set<string>();
  // Invitations and command are for the duty officer; the rest goes where alarms about incidents go.
  const mine = (wait: Wait) =>
    wait.kind === 'invited' || wait.kind === 'command' ? desk.may('lead_operations') && desk.duty.isAt('duty_officer') : acts();
  const acts = () => desk.may('act_in_operations') && desk.duty.isMine('incident');

  $effect(() => {
    // Before the node has told its time nobody knows what is old.
    if (deaf() || board.line !== 'live') return;
    // Until go nothing of it is heard but where it is led.
    const waits = joint.waits.filter((wait) => mine(wait) && !(wait.operation.silent && !wait.operation.own.leads));
    const now_ms = untrack(() => board.clock.now_ms);
    // What has no time of its own is news only to a page that was open before.
    const fresh = waits.filter((wait) => !heard?.has(wait.key) && (wait.at === null ? heard !== null : isNews(wait.at, now_ms)));
    heard = new Set(waits.map((wait) => wait.key));
    if (fresh.length > 0) play(fresh.some((wait) => wait.kind === 'clash' || wait.kind === 'help') ? 'grave_alarm' : 'alarm');
  });

  $effect(() => {
    if (deaf() || board.line !== 'live') return;
    const now_ms = board.clock.now_ms;
    const due = joint.cut.filter((each) => !each.shut_out && now_ms - each.since_ms >= DOWN_MS);
    const fresh = due.filter((each) => !down.has(`${each.node} ${each.since_ms}`) && now_ms - each.since_ms < DOWN_OLD_MS);
    down = new Set(due.map((each) => `${each.node} ${each.since_ms}`));
    if (fresh.length > 0 && acts()) play('line_down');
  });
}
