// Which layers of the map a person wants to see, kept in this browser. Roads, water and places are
// always there. Start at `ShownLayers`.

/** The layers that can be switched, in the order of the switch. */
export const switches = ['incidents', 'units', 'stations', 'areas', 'cover', 'reach', 'grouped'] as const;

/** One of the layers that can be switched; `grouped` is whether crowded marks are drawn as one. */
export type LayerName = (typeof switches)[number];

const KEPT_AS = 'watchfire.map.layers';

const FIRST: Record<LayerName, boolean> = { incidents: true, units: true, stations: true, areas: false, cover: false, reach: true, grouped: true };

function kept(): Partial<Record<LayerName, unknown>> {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? '{}');
    return typeof read === 'object' && read !== null ? read : {};
  } catch {
    return {};
  }
}

/** What is switched on. */
export class ShownLayers {
  on = $state<Record<LayerName, boolean>>({ ...FIRST });

  /** `keep` is false for a map without a switch, such as the wall's: what somebody chose elsewhere must not empty it. */
  constructor(private readonly keep: boolean) {
    if (!keep) return;
    const chosen = kept();
    for (const name of switches) {
      const value = chosen[name];
      if (typeof value === 'boolean') this.on[name] = value;
    }
  }

  /** Switches a layer on or off. */
  set(name: LayerName, on: boolean) {
    this.on[name] = on;
    if (this.keep) localStorage.setItem(KEPT_AS, JSON.stringify(this.on));
  }
}
