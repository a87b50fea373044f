/**
 * @file Decides which tasks may use a site at once: tasks that only read share a site, and one that changes it has it
 * alone. First come, first served, so that tasks keep their order.
 */

export interface SiteLocks {
  /**
   * Waits until the sites are free for the task; `all` are those that any task is on. Call the result once to release
   * them.
   */
  enter(sites: Visit["sites"], alone: boolean, signal?: AbortSignal): Promise<() => void>;
}

interface Visit {
  sites: readonly string[] | "all";
  alone: boolean;
}

export function createSiteLocks(): SiteLocks {
  const inside = new Set<Visit>();
  const waiting: (Visit & { go: () => void })[] = [];
  const share = (a: Visit["sites"], b: Visit["sites"]) =>
    a === "all" || b === "all" || a.some((site) => b.includes(site));
  const meets = (a: Visit, b: Visit) => (a.alone || b.alone) && share(a.sites, b.sites);
  /** Nobody overtakes a task that waits for the same site. */
  const letIn = () => {
    for (const visit of waiting.splice(0)) {
      if ([...inside, ...waiting].some((other) => meets(visit, other))) {
        waiting.push(visit);
        continue;
      }
      inside.add(visit);
      visit.go();
    }
  };
  return {
    enter: (sites, alone, signal) =>
      new Promise((resolve, reject) => {
        const abort = () => {
          waiting.splice(waiting.indexOf(visit), 1);
          letIn();
          reject(signal!.reason as Error);
        };
        const visit = {
          sites,
          alone,
          go: () => {
            signal?.removeEventListener("abort", abort);
            resolve(() => {
              if (inside.delete(visit)) letIn();
            });
          },
        };
        if (signal?.aborted) return reject(signal.reason as Error);
        waiting.push(visit);
        signal?.addEventListener("abort", abort, { once: true });
        letIn();
      }),
  };
}
