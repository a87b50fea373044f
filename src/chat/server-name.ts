/** @file The name of a model on a server, wherever one can be given: `openai:NAME@URL`. */

import { ConfigError } from "../core/errors.ts";

export interface ServerName {
  /** The server's name for the model. */
  model: string;
  /** E.g. `http://127.0.0.1:8000/v1`, without a slash at the end. */
  baseUrl: string;
}

const PREFIX = "openai:";
const EXAMPLE = "openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1";

export const isServerName = (text: string): boolean => text.startsWith(PREFIX);

/**
 * Reads `openai:NAME@URL`; `from` is the option or setting that contains it. A name may contain slashes, colons and
 * `@`: the address begins at the last `@http://` or `@https://`. Without one, it is `elsewhere`, such as the value of
 * OPENAI_BASE_URL.
 */
export function parseServerName(text: string, from: string, elsewhere: string | undefined): ServerName {
  const rest = text.trim().slice(PREFIX.length);
  const at = Math.max(...["@http://", "@https://"].map((start) => rest.toLowerCase().lastIndexOf(start)));
  const model = (at < 0 ? rest : rest.slice(0, at)).trim();
  if (model === "")
    throw new ConfigError(`${from} names no model: ${JSON.stringify(text)}`, `Write it like ${EXAMPLE}.`);
  if (at >= 0) return { model, baseUrl: checkBaseUrl(rest.slice(at + 1), from) };
  const bare = /@([\w.-]+:\d+(?:\/.*)?|localhost(?:\/.*)?|\[[\da-f:]+\].*)$/i.exec(model);
  if (bare)
    throw new ConfigError(
      `the address in ${from} does not begin with http:// or https://: ${JSON.stringify(bare[1])}`,
      `Write it like ${EXAMPLE}.`,
    );
  if (!elsewhere)
    throw new ConfigError(
      `${from} names no server: ${JSON.stringify(text)}`,
      `Write it like ${EXAMPLE}, or set OPENAI_BASE_URL; and OPENAI_API_KEY if the server needs a key.`,
    );
  return { model, baseUrl: checkBaseUrl(elsewhere, "OPENAI_BASE_URL") };
}

/** Normalizes the address for requests. Throws a `ConfigError` that says what is wrong with it. */
export function checkBaseUrl(text: string, from: string): string {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  const refuse = (what: string, hint: string): never => {
    throw new ConfigError(`the address in ${from} ${what}`, hint);
  };
  if (url === null || !["http:", "https:"].includes(url.protocol))
    return refuse(
      `is not that of a server: ${JSON.stringify(text)}`,
      "Give a base URL such as http://127.0.0.1:8000/v1.",
    );
  if (url.username !== "" || url.password !== "")
    refuse("has a password in it", "Remove it, and put the server's key into OPENAI_API_KEY.");
  if (url.search !== "" || url.hash !== "")
    refuse(`has more than a path: ${JSON.stringify(text)}`, "Give the base URL alone, as far as /v1.");
  const path = url.pathname.replace(/\/+$/, "");
  if (/\/(?:chat\/)?completions$/.test(path))
    refuse(
      `is that of a single endpoint: ${JSON.stringify(text)}`,
      "Give the base URL alone, as far as /v1.",
    );
  return url.origin + path;
}
