// The marks that stand for an urgency or a unit's status, as paths on a 24 by 24 grid. The lists
// draw them as SVG and the map paints them on a canvas, so that one thing looks the same in both.
// Shape tells them apart without colour. Start at `priorityPath` and `unitPath`.

import type { Priority, UnitStatus } from './api/types';

const CIRCLE = 'M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18z';
const RING = 'M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16zM12 7.500a4.500 4.500 0 1 0 0 9a4.500 4.500 0 1 0 0-9z';
const SQUARE = 'M4 4h16v16H4z';
const DIAMOND = 'M12 1l11 11l-11 11l-11-11z';
const OCTAGON = 'M7.700 1.600h8.600l6.100 6.100v8.600l-6.100 6.100H7.700l-6.100-6.100V7.700z';
const ARROW = 'M12 1.500l8.500 20l-8.500-4.500l-8.500 4.500z';
const CROSS = 'M6 2.800l6 6l6-6l3.200 3.200l-6 6l6 6l-3.200 3.200l-6-6l-6 6l-3.200-3.200l6-6l-6-6z';

/** The shape of each urgency. */
export const priorityPath: Record<Priority, string> = { 1: OCTAGON, 2: DIAMOND, 3: SQUARE, 4: CIRCLE };

/** The shape of each unit status; the arrow points the way the unit is heading. */
export const unitPath: Record<UnitStatus, string> = {
  available: CIRCLE,
  assigned: DIAMOND,
  en_route: ARROW,
  on_scene: SQUARE,
  out_of_service: CROSS,
  off_duty: RING,
};

/** Every unit status, those at work first. */
export const unitStatuses: readonly UnitStatus[] = [
  'assigned', 'en_route', 'on_scene', 'available', 'out_of_service', 'off_duty',
];

/** Every urgency, the most urgent first. */
export const priorities: readonly Priority[] = [1, 2, 3, 4];
