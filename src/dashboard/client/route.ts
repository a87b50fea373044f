/**
 * @file The address of the current view: every view has one (`#/run/KEY/episodes?site=map`) that can be sent to
 * somebody.
 */

import { useEffect, useState } from "preact/hooks";

export interface Route {
  path: string[];
  query: URLSearchParams;
}

function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return {
    path: path.split("/").filter(Boolean).map(decodePart),
    query: new URLSearchParams(query),
  };
}

/** Kept as it is if it cannot be decoded, because somebody typed it. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function href(
  path: readonly (string | number)[],
  query: Record<string, string | undefined> = {},
): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value) search.set(key, value);
  const text = search.toString();
  return `#/${path.map((part) => encodeURIComponent(part)).join("/")}${text ? `?${text}` : ""}`;
}

export const episodeHref = (
  run: string,
  kind: string,
  phase: number,
  id: string,
  query: Record<string, string | undefined> = {},
): string => href(["run", run, "episode", kind, phase, id], query);

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = () => setHash(location.hash);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return parseRoute(hash);
}

/** Changes the query of the current view without a new entry in the history. */
export function replaceQuery(changes: Record<string, string | undefined>): void {
  const { path, query } = parseRoute(location.hash);
  for (const [key, value] of Object.entries(changes)) {
    if (value) query.set(key, value);
    else query.delete(key);
  }
  history.replaceState(null, "", href(path, Object.fromEntries(query)));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
