// The layers of the map, the lowest first.

import { answering } from './answering';
import { incidents } from './incidents';
import type { Layer } from './layer';
import { roads } from './roads';
import { stations } from './stations';
import { units } from './units';

/** All layers in drawing order. */
export const layers: readonly Layer[] = [roads, stations, answering, units, incidents];
