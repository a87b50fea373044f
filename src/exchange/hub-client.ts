/** @file Requests to the hub: sends the token, retries temporary errors, and explains permanent ones in a sentence. */

import { HubApiError } from "@huggingface/hub";
import { ConfigError } from "../core/errors.ts";
import { keepSecret } from "../text/secrets.ts";

export interface HubModel {
  /** `organisation/name`. */
  name: string;
  /** Branch, tag or commit. */
  revision: string;
}

export interface Patience {
  /** It gives up after this many failures in a row. */
  attempts: number;
  /** Pause after the first failure; it doubles with each. */
  pauseMs: number;
  /** Milliseconds of silence after which a connection counts as broken. */
  silenceMs: number;
}
const defaults: Patience = { attempts: 6, pauseMs: 1000, silenceMs: 60_000 };
const longestPauseMs = 60_000;
/** The largest answer about a model; files are read as streams. */
const mostAnswerBytes = 32 << 20;

export interface HubClient {
  url: string;
  credentials: { accessToken?: string };
  /** For the hub's library. */
  fetch: typeof fetch;
  /**
   * Repeats `question` after temporary errors; throws a `ConfigError` for the rest. `question` reports progress, which
   * resets the count of failures.
   */
  ask<T>(question: (getSomewhere: () => void) => Promise<T>): Promise<T>;
  /** A file from byte `from` on; `isRange`: the server began there. */
  get(url: string, from: number): Promise<{ body: AsyncIterable<Uint8Array>; isRange: boolean }>;
  /** Reports an impossible answer of the hub. */
  nonsense(what: string): ConfigError;
}

/** Reads `HF_ENDPOINT` and `HF_TOKEN`. */
export function createHubClient(
  { name, revision }: HubModel,
  options: { signal?: AbortSignal; patience?: Partial<Patience> },
): HubClient {
  const { attempts, pauseMs, silenceMs } = { ...defaults, ...options.patience };
  const url = hubUrl();
  const accessToken = token(url);
  const signal = options.signal ?? new AbortController().signal;
  const hint = "What was downloaded is kept, and the same command continues from there.";
  const nonsense = (what: string) =>
    new ConfigError(`${url} ${what}`, "Check HF_ENDPOINT, or use another mirror of the hub.");

  const refusal = (status: number, said: string): ConfigError | null => {
    const where = `${name}${revision === "main" ? "" : `@${revision}`} on ${url}`;
    if (status === 401 || status === 403)
      return new ConfigError(
        `access to ${where} is denied (${status}${said}): it is private or gated, or there is no such model`,
        `Check the name; accept its terms at ${url}/${name}; set HF_TOKEN to a token that may read it.`,
      );
    if (status === 404)
      return new ConfigError(`there is no ${where}`, "Check the name and the revision (org/name@revision).");
    if (status === 429 || status >= 500) return null;
    return new ConfigError(`${where}: the hub answers ${status}${said}`, "Check the name and HF_ENDPOINT.");
  };
  /** A signal that is aborted after this much silence. */
  const watch = () => {
    const controller = new AbortController();
    const fail = () => controller.abort(new Error(`no answer within ${silenceMs / 1000} s`));
    let timer = setTimeout(fail, silenceMs);
    return {
      signal: AbortSignal.any([signal, controller.signal]),
      restart: () => {
        clearTimeout(timer);
        timer = setTimeout(fail, silenceMs);
      },
      end: () => clearTimeout(timer),
    };
  };

  /** The pause that the last answer's `Retry-After` asked for. */
  let askedPauseMs = 0;
  const noteRetryAfter = ({ headers }: Response) => {
    askedPauseMs = 1000 * (Number(headers.get("retry-after")) || 0);
  };

  return {
    url,
    credentials: accessToken === undefined ? {} : { accessToken },
    nonsense,
    async fetch(input, init) {
      const silence = watch();
      try {
        const response = await fetch(input, { ...init, signal: silence.signal });
        if (!response.ok) noteRetryAfter(response);
        const bytes: Uint8Array[] = [];
        let size = 0;
        for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
          silence.restart();
          size += chunk.length;
          if (size > mostAnswerBytes) throw nonsense(`answers with more than ${mostAnswerBytes} bytes`);
          bytes.push(chunk);
        }
        const whole = new Response(bytes.length === 0 ? null : Buffer.concat(bytes), {
          status: response.status,
          headers: withoutEncoding(response.headers),
        });
        return Object.defineProperty(whole, "url", { value: response.url });
      } finally {
        silence.end();
      }
    },
    async ask(question) {
      let failures = 0;
      for (;;) {
        try {
          return await question(() => (failures = 0));
        } catch (cause) {
          failures++;
          signal.throwIfAborted();
          if (cause instanceof ConfigError) throw cause;
          const status = cause instanceof HubApiError ? cause.statusCode : null;
          const refused = status === null ? null : refusal(status, `: ${oneLine(cause)}`);
          if (refused) throw refused;
          if (isOfDisk(cause)) throw cause;
          if (failures >= attempts)
            throw new ConfigError(
              `${url} cannot be reached or disconnected ${failures} times in a row: ${oneLine(cause)}`,
              `Check the network and HF_ENDPOINT. ${hint}`,
              { cause },
            );
          const wanted = Math.max(askedPauseMs, pauseMs * 2 ** (failures - 1));
          askedPauseMs = 0;
          await pause(Math.min(longestPauseMs, wanted), signal);
        }
      }
    },
    async get(address, from) {
      const silence = watch();
      const isHub = new URL(address).origin === new URL(url).origin;
      const response = await fetch(address, {
        headers: {
          // The token is only for the hub, not for the servers that store its files.
          ...(accessToken !== undefined && isHub && { authorization: `Bearer ${accessToken}` }),
          ...(from > 0 && { range: `bytes=${from}-` }),
          "accept-encoding": "identity",
        },
        signal: silence.signal,
      }).catch((cause: unknown) => {
        silence.end();
        throw cause;
      });
      if (!response.ok || !response.body) {
        silence.end();
        noteRetryAfter(response);
        await response.body?.cancel();
        throw new HubApiError(address, response.status, undefined, `status ${response.status}`);
      }
      return { isRange: response.status === 206, body: listen(response.body, silence) };
    },
  };
}

async function* listen(
  body: ReadableStream<Uint8Array>,
  silence: { restart(): void; end(): void },
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      silence.restart();
      yield chunk;
    }
  } finally {
    silence.end();
  }
}

/** The body is already decoded. */
function withoutEncoding(headers: Headers): Headers {
  const copy = new Headers(headers);
  copy.delete("content-encoding");
  copy.delete("content-length");
  return copy;
}

function hubUrl(): string {
  const given = process.env["HF_ENDPOINT"]?.trim() || "https://huggingface.co";
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "")
    throw new ConfigError(
      `HF_ENDPOINT is ${JSON.stringify(given)}, which is not an address of a hub`,
      "Set it to an address such as https://huggingface.co, or unset it.",
    );
  return url.href.replace(/\/+$/, "");
}

function token(url: string): string | undefined {
  const given = process.env["HF_TOKEN"]?.trim();
  if (!given) return undefined;
  keepSecret(given, "HF_TOKEN");
  if (!given.startsWith("hf_"))
    throw new ConfigError(
      "HF_TOKEN does not begin with hf_",
      "Set it to an access token of the hub, or unset it.",
    );
  const { protocol, hostname } = new URL(url);
  if (protocol === "http:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname))
    throw new ConfigError(
      `HF_TOKEN would be sent to ${url} for everybody to read`,
      "Use an https address as HF_ENDPOINT, or unset HF_TOKEN.",
    );
  return given;
}

/** Errors of files, not of the network. */
const isOfDisk = (cause: unknown) =>
  ["ENOSPC", "EACCES", "EPERM", "EROFS", "EIO", "ENOTDIR", "EISDIR", "EDQUOT"].includes(
    (cause as NodeJS.ErrnoException).code ?? "",
  );

function oneLine(cause: unknown): string {
  const inner = cause instanceof Error ? cause.cause : undefined;
  const more = inner instanceof Error && inner.message !== "" ? ` (${inner.message})` : "";
  return `${cause instanceof Error ? cause.message : String(cause)}${more}`
    .replace(/\s+/g, " ")
    .slice(0, 200);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
