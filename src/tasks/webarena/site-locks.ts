/**
 * @file Decides which tasks may use a site at once: tasks that only read share a site, and one that changes it has it
 * alone. First come, first served, so that tasks keep their order.
 */

export interface SiteLocks {
  /** Waits until all sites are free for the task. Call the result once to release them. */
  enter(sites: readonly string[], alone: boolean, signal?: AbortSignal): Promise<() => void>;
}

export function createSiteLocks(): SiteLocks {
  const inside = new Set<{ sites: readonly string[]; alone: boolean }>();
  const waiting: { sites: readonly string[]; alone: boolean; go: () => void }[] = [];
  type Visit = { sites: readonly string[]; alone: boolean };
  const meets = (a: Visit, b: Visit) =>
    (a.alone || b.alone) && a.sites.some((site) => b.sites.includes(site));
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
