// The layers of the map, the lowest first, and how they are put on a map and painted anew.

import type { Map as MapLibreMap } from 'maplibre-gl';
import type { LayerName } from '../shown.svelte';
import { answering } from './answering';
import { areas } from './areas';
import { conditions } from './conditions';
import { cover } from './cover';
import { coverage } from './coverage';
import { ground } from './ground';
import { incidents } from './incidents';
import { nothing, type Brush, type Layer } from './layer';
import { marks } from './marks';
import { names } from './names';
import { reach } from './reach';
import { roads } from './roads';
import { rounds } from './rounds';
import { stations } from './stations';
import { units } from './units';

/** All layers in drawing order. */
export const layers: readonly Layer[] = [
  ground, roads, names, cover, coverage, areas, reach, conditions, rounds, stations, answering, units, incidents, marks,
];

/** Puts every layer on a freshly loaded map. */
export function addLayers(map: MapLibreMap, brush: Brush) {
  for (const layer of layers) {
    for (const source of layer.sources) {
      if (!map.getSource(source)) map.addSource(source, { type: 'geojson', data: nothing(), tolerance: 0.5 });
    }
    for (const style of layer.styles(brush)) map.addLayer(style);
  }
}

/** Paints every layer anew, after the colours or the language of the page changed. The library leaves alone what is the same. */
export function repaint(map: MapLibreMap, brush: Brush) {
  for (const style of layers.flatMap((layer) => layer.styles(brush))) {
    for (const [name, value] of Object.entries(style.paint ?? {})) map.setPaintProperty(style.id, name as never, value as never);
    for (const [name, value] of Object.entries(style.layout ?? {})) {
      if (name !== 'visibility') map.setLayoutProperty(style.id, name as never, value as never);
    }
  }
}

/** Shows or hides each layer by its switch. */
export function switchLayers(map: MapLibreMap, brush: Brush, on: Record<LayerName, boolean>) {
  for (const layer of layers) {
    if (!layer.switch) continue;
    const visibility = on[layer.switch] ? 'visible' : 'none';
    for (const { id } of layer.styles(brush)) map.setLayoutProperty(id, 'visibility', visibility);
  }
}
