/**
 * @file Fetches the server's answers for the page, keeps each while a new one is on its way, and fetches again as runs
 * change.
 */

import { useEffect, useRef, useState } from "preact/hooks";

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

/**
 * `version` changes when the data may have. This does not abort a request under way; another one follows, so that a run
 * which changes faster than it is read is shown a little late, but is shown.
 */
export function useJson<T>(url: string | null, version: number = 0): Loaded<T> {
  const [state, setState] = useState<{ url: string | null } & Loaded<T>>({
    url: null,
    data: null,
    error: null,
  });
  const newest = useRef(version);
  newest.current = version;
  const look = useRef(() => {});
  useEffect(() => {
    look.current = () => {};
    if (url === null) return;
    const leaving = new AbortController();
    let reading = false;
    const read = async () => {
      if (reading) return;
      reading = true;
      for (let seen = NaN; seen !== newest.current && !leaving.signal.aborted;) {
        seen = newest.current;
        try {
          const data = await getJson<T>(url, leaving.signal);
          kept.delete(url);
          kept.set(url, data);
          if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
          setState({ url, data, error: null });
        } catch (error) {
          if (!leaving.signal.aborted)
            setState({ url, data: null, error: error instanceof Error ? error.message : String(error) });
        }
      }
      reading = false;
    };
    look.current = () => void read();
    return () => leaving.abort();
  }, [url]);
  useEffect(() => look.current(), [url, version]);
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
