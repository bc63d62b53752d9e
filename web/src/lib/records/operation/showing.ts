// Tells the node that a record of another home was on a screen here: for a second, in a window that is not hidden, once for
// each version of it. It says nothing of who looked. Start at `Showing.of`.

import type { Attachment } from 'svelte/attachments';
import { LineFault } from '../../api/client';
import { show } from './requests';

/** How long it has to be seen, in ms. */
const SEEN_MS = 1_000;
/** How much of it has to be seen, in pixels of height; half of it, where it is lower than twice this. */
const SEEN_PX = 100;

/** What one page has shown. */
export class Showing {
  #told = new Set<string>();
  /** One watcher for each version of a record, the same each time that it is asked for: an operation is shown anew with every
      change of anything in it, and that must not begin the second anew. */
  #watchers = new Map<string, Attachment>();

  constructor(private readonly operation: string, private readonly may: boolean) {}

  /** Watches the element that shows a record. `known` is true when the node knows already that this version was shown. */
  of(node: string, record: string, version: number | string, known: boolean): Attachment | undefined {
    const key = `${node} ${record} ${version}`;
    if (known || !this.may || this.#told.has(key)) return undefined;
    const watcher = this.#watchers.get(key) ?? this.#watch(key, node, record);
    this.#watchers.set(key, watcher);
    return watcher;
  }

  #watch(key: string, node: string, record: string): Attachment {
    return (element) => {
      let seen = false;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const look = () => {
        clearTimeout(timer);
        if (seen && document.visibilityState === 'visible') timer = setTimeout(() => this.#tell(key, node, record), SEEN_MS);
      };
      const observer = new IntersectionObserver((entries) => {
        const last = entries.at(-1)!;
        seen = last.isIntersecting && last.intersectionRect.height >= Math.min(SEEN_PX, last.boundingClientRect.height / 2);
        look();
      }, { threshold: [0, 0.1, 0.25, 0.5, 0.75, 1] });
      observer.observe(element);
      document.addEventListener('visibilitychange', look);
      return () => {
        clearTimeout(timer);
        observer.disconnect();
        document.removeEventListener('visibilitychange', look);
      };
    };
  }

  #tell(key: string, node: string, record: string) {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#watchers.delete(key);
    show(this.operation, node, record).catch((fault: unknown) => {
      // Another window may have been first. A node that did not hear it is told when it is seen again.
      if (fault instanceof LineFault) this.#told.delete(key);
    });
  }
}
