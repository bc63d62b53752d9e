// The few sounds of the console, made by the browser itself so that nothing has to be loaded: accepted,
// refused, an alarm, and a line to another node that is down. Each has a shape of its own, so that one knows which it was without looking.

import { look } from './look.svelte';

/** What can be heard. */
export type Sound = 'accepted' | 'refused' | 'alarm' | 'grave_alarm' | 'line_down';

/** Pitch in Hz, start and length in ms of each tone of a sound. */
const tones: Record<Sound, [pitch_hz: number, start_ms: number, length_ms: number][]> = {
  accepted: [[660, 0, 70], [990, 80, 110]],
  refused: [[180, 0, 160], [140, 180, 260]],
  alarm: [[740, 0, 140], [740, 220, 140]],
  grave_alarm: [[880, 0, 120], [660, 140, 120], [880, 280, 120], [660, 420, 120]],
  // Low and single: it asks for a look, and for nothing at once.
  line_down: [[392, 0, 260]],
};

/** How loud, from 0 to 1; a room has many consoles. */
const VOLUME = 0.12;

let context: AudioContext | null = null;

/** The last sound that was played or would have been heard but for the mute, for tests and for the deaf. */
export const heard: { sound: Sound | null; count: number } = { sound: null, count: 0 };

/** Plays a sound unless this page is muted. A browser that forbids sound before the first key stays silent. */
export function play(sound: Sound) {
  heard.sound = sound;
  heard.count += 1;
  document.documentElement.dataset['sound'] = look.muted ? 'muted' : sound;
  if (look.muted) return;
  try {
    context ??= new AudioContext();
    void context.resume().catch(() => undefined);
    const begin = context.currentTime + 0.01;
    for (const [pitch_hz, start_ms, length_ms] of tones[sound]) tone(context, pitch_hz, begin + start_ms / 1000, length_ms / 1000);
  } catch {
    // No sound device: the same is on the screen.
  }
}

function tone(on: AudioContext, pitch_hz: number, start_s: number, length_s: number) {
  const source = on.createOscillator();
  const volume = on.createGain();
  source.type = pitch_hz < 300 ? 'sawtooth' : 'sine';
  source.frequency.value = pitch_hz;
  volume.gain.setValueAtTime(0, start_s);
  volume.gain.linearRampToValueAtTime(VOLUME, start_s + 0.01);
  volume.gain.setValueAtTime(VOLUME, start_s + length_s - 0.02);
  volume.gain.linearRampToValueAtTime(0, start_s + length_s);
  source.connect(volume).connect(on.destination);
  source.start(start_s);
  source.stop(start_s + length_s);
}
