// Stations, with how many of their units are free and standing there. Those units get marks of their
// own only when the map is near enough to hold them apart.

import { FONT, fill, nothing, type Layer } from './layer';
import { standsAt } from './place';

const SOURCE = 'stations';

/** Stations above the roads. */
export const stations: Layer = {
  add(map, colour) {
    map.addSource(SOURCE, { type: 'geojson', data: nothing() });
    map.addLayer({
      id: 'stations',
      type: 'symbol',
      source: SOURCE,
      layout: {
        'icon-image': 'station',
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'text-field': ['get', 'label'],
        'text-font': FONT,
        'text-size': 11,
        'text-anchor': 'left',
        'text-offset': [0.8, 0],
        'text-optional': true,
      },
      paint: { 'text-color': colour('--map-station'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 1.5 },
    });
  },
  show(map, scene) {
    const by_id = new Map(scene.stations.map((station) => [station.id, station]));
    const free = new Map<string, number>();
    for (const { unit, position } of scene.units) {
      if (unit.status !== 'available') continue;
      const home = unit.station === null ? undefined : by_id.get(unit.station);
      if (home && standsAt(position, home.place)) free.set(home.id, (free.get(home.id) ?? 0) + 1);
    }
    fill(map, SOURCE, scene.stations.map((station) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [station.place.lon, station.place.lat] },
      properties: { label: `${station.code} ○${free.get(station.id) ?? 0}` },
    })));
  },
};
