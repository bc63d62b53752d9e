// Makes the crew's page open without coverage: registers the worker that keeps the page on this phone,
// says plainly when that is not possible, and when a newer page is ready. Only this page registers it, and
// only for its own address: a console in a control room never runs kept code. Start at `Install`.

/** Whether this phone keeps the page. */
export type KeptPage = 'asking' | 'kept' | 'not_secure' | 'not_possible';

class Install {
  state = $state<KeptPage>('asking');
  /** True when the node has a newer page than the one that runs. */
  newer = $state(false);

  /** Asks the browser to keep this page; returns how to stop listening. */
  start(): () => void {
    if (!window.isSecureContext) {
      this.state = 'not_secure';
      return () => undefined;
    }
    const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
    if (!workers) {
      this.state = 'not_possible';
      return () => undefined;
    }
    const had = workers.controller !== null;
    const onchange = () => {
      if (had) this.newer = true;
    };
    // What nobody looks at can be renewed without a word.
    const onhidden = () => {
      if (this.newer && document.visibilityState === 'hidden') location.reload();
    };
    workers.addEventListener('controllerchange', onchange);
    document.addEventListener('visibilitychange', onhidden);
    void this.#register(workers);
    return () => {
      workers.removeEventListener('controllerchange', onchange);
      document.removeEventListener('visibilitychange', onhidden);
    };
  }

  async #register(workers: ServiceWorkerContainer) {
    try {
      await workers.register('/sw.js', { scope: '/crew', updateViaCache: 'none' });
      const ready = await workers.ready;
      this.state = 'kept';
      // What was loaded before the worker was there did not pass through it.
      const loaded = performance.getEntriesByType('resource').map((entry) => entry.name);
      ready.active?.postMessage({ keep: loaded });
    } catch {
      // Without coverage a worker that is there already cannot be asked about; it still serves.
      this.state = workers.controller ? 'kept' : 'not_possible';
    }
  }
}

/** The page of this phone. */
export const install = new Install();
