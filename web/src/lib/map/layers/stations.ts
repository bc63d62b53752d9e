// Stations, with how many of their units are free and standing there. Those units get marks of their
// own only when the map is near enough to hold them apart.

import { FONT, fill, type Layer } from './layer';

const SOURCE = 'stations';

/** Stations above the roads. */
export const stations: Layer = {
  switch: 'stations',
  sources: [SOURCE],
  styles({ colour, scale }) {
    return [{
      id: 'stations',
      type: 'symbol',
      source: SOURCE,
      layout: {
        'icon-image': 'station',
        'icon-size': scale,
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'text-field': ['get', 'label'],
        'text-font': FONT,
        'text-size': 11 * scale,
        'text-anchor': 'left',
        'text-offset': [0.8, 0],
        'text-optional': true,
      },
      paint: { 'text-color': colour('--map-station'), 'text-halo-color': colour('--map-ground'), 'text-halo-width': 1.5 },
    }];
  },
  show(map, scene) {
    fill(map, SOURCE, scene.stations.map((station) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [station.place.lon, station.place.lat] },
      properties: { label: `${station.code} ○${scene.free_at.get(station.id) ?? 0}` },
    })));
  },
};
