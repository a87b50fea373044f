import type { Page, Request } from "playwright-core";

export interface OpenRequests extends Disposable {
  /** A request that counts, and that began since then, has not been answered. */
  readonly isOpen: boolean;
}

/** Watches the page's requests that `counts` accepts, until it is disposed. */
export function watchRequests(page: Page, counts: (request: Request) => boolean): OpenRequests {
  const open = new Set<Request>();
  const begin = (request: Request) => {
    if (counts(request)) open.add(request);
  };
  const end = (request: Request) => void open.delete(request);
  page.on("request", begin).on("requestfinished", end).on("requestfailed", end);
  return {
    get isOpen() {
      return open.size > 0;
    },
    [Symbol.dispose]: () =>
      void page.off("request", begin).off("requestfinished", end).off("requestfailed", end),
  };
}
