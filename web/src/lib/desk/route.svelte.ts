// Which seat this window shows, kept in its address so that a seat can be opened on a second screen,
// reloaded and sent to a colleague. It knows addresses and nothing of what stands behind them.

import type { Session } from '../api/types';

/** The screens there are; each is an address, `/dispatch` for example. */
export const seats = ['take', 'dispatch', 'duty', 'roster', 'directives', 'settlement', 'operations', 'support', 'playbooks', 'analysis', 'patrol', 'wall', 'review', 'monitoring', 'figures', 'peers', 'crew', 'incident', 'action'] as const;
export type SeatName = (typeof seats)[number];

/** Something the node says these seats may do. */
export type Permission = string;

/** Returns the screens that a session's seats have, in the order of the tabs. The node decides what each
    may do; this only spares people tabs that would answer "not allowed". */
export function seatsOf(session: Session): SeatName[] {
  const may = (permission: Permission) => session.person.may.includes(permission);
  const has = (role: Session['person']['roles'][number]) => session.person.roles.includes(role);
  // Nobody touches a wall, so a session that is nothing else opens there and has no tabs to be turned to.
  if (session.person.roles.every((role) => role === 'wall') && may('read_board')) return ['wall'];
  const shown: SeatName[] = [];
  if (may('take_calls')) shown.push('take');
  if (may('send_units') || (may('read_board') && !session.person.unit && !has('wall'))) shown.push('dispatch');
  if (has('duty_officer')) shown.push('duty');
  if (may('take_duty') || has('overseer')) shown.push('roster');
  if (may('draft_directives') || has('overseer')) shown.push('directives');
  if (may('settle_days') || has('overseer')) shown.push('settlement');
  if (may('act_in_operations') || has('overseer') || has('analyst')) shown.push('operations');
  if (may('act_on_support') || has('overseer') || has('analyst')) shown.push('support');
  if (may('read_playbooks')) shown.push('playbooks');
  if (may('read_assessments') || may('consult')) shown.push('analysis');
  if (may('plan_patrols')) shown.push('patrol');
  if (may('read_entries')) shown.push('review');
  if (may('read_figures')) shown.push('monitoring', 'figures');
  if (may('keep_peers') || may('act_in_operations') || has('overseer')) shown.push('peers');
  if (may('read_board')) shown.push('wall');
  if (session.person.unit !== null && session.person.unit !== undefined) shown.unshift('crew');
  return shown;
}

class Route {
  /** The first part of the address. */
  seat = $state<string>('');
  /** The second part, an id for example. */
  id = $state<string | null>(null);
  /** What follows the question mark. */
  query = $state.raw(new URLSearchParams());

  constructor() {
    this.#read();
    window.addEventListener('popstate', () => this.#read());
  }

  #read() {
    const [seat = '', id] = location.pathname.split('/').filter((part) => part !== '');
    this.seat = seat;
    this.id = id ?? null;
    this.query = new URLSearchParams(location.search);
  }

  /** Goes to another address of this console. */
  go(path: string) {
    if (path === location.pathname + location.search) return;
    history.pushState(null, '', path);
    this.#read();
  }

  /** Changes the address without a new step in the browser's history. */
  replace(path: string) {
    history.replaceState(null, '', path);
    this.#read();
  }
}

/** The address of this window. */
export const route = new Route();
