/** @file The server's answers in the page: fetched, kept while a new one is on its way, fetched again as runs change. */

import { useEffect, useState } from "preact/hooks";

export interface Loaded<T> {
  data: T | null;
  error: string | null;
}

/** Answers by address, so that going back is instant; the fresh one follows. */
const kept = new Map<string, unknown>();
const MOST_KEPT = 40;

export async function getJson<T>(url: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(url, signal ? { signal } : {});
  const body = (await response.json()) as T & { error?: string };
  if (!response.ok) throw new Error(body.error ?? `${url} answered ${response.status}`);
  return body;
}

/** `version` changes when the data may have. */
export function useJson<T>(url: string | null, version: number = 0): Loaded<T> {
  const [state, setState] = useState<{ url: string | null } & Loaded<T>>({
    url: null,
    data: null,
    error: null,
  });
  useEffect(() => {
    if (url === null) return;
    const leaving = new AbortController();
    getJson<T>(url, leaving.signal).then(
      (data) => {
        kept.delete(url);
        kept.set(url, data);
        if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
        setState({ url, data, error: null });
      },
      (error: unknown) => {
        if (!leaving.signal.aborted)
          setState({ url, data: null, error: error instanceof Error ? error.message : String(error) });
      },
    );
    return () => leaving.abort();
  }, [url, version]);
  if (url === null) return { data: null, error: null };
  if (state.url === url) return state;
  return { data: (kept.get(url) as T | undefined) ?? null, error: null };
}

/** Counts changes of each run, and whether the server is listening. */
export function useLive(): { connected: boolean; versions: Record<string, number> } {
  const [connected, setConnected] = useState(false);
  const [versions, setVersions] = useState<Record<string, number>>({});
  useEffect(() => {
    const source = new EventSource("/api/live");
    source.addEventListener("open", () => setConnected(true));
    source.addEventListener("error", () => setConnected(false));
    source.addEventListener("change", (event) => {
      const { runs } = JSON.parse((event as MessageEvent<string>).data) as { runs: string[] };
      if (runs.length > 0)
        setVersions((old) => ({
          ...old,
          ...Object.fromEntries(runs.map((run) => [run, (old[run] ?? 0) + 1])),
          "": (old[""] ?? 0) + 1,
        }));
    });
    return () => source.close();
  }, []);
  return { connected, versions };
}
