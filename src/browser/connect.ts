/**
 * @file Connects to a browser that runs elsewhere: a Playwright server or a DevTools endpoint. An error says in one
 * sentence what prevents that, and whether trying again can help.
 */

import type { Browser } from "playwright-core";
import type { BrowserEndpoint } from "../core/browser-settings.ts";
import { addressOf, describeAddress } from "../core/browser-settings.ts";
import { ConfigError, Fault } from "../core/errors.ts";
import { keepSecret } from "../text/secrets.ts";
import { playwright } from "./playwright.ts";

/** Milliseconds that connecting to an endpoint may take; one that starts its browser only then needs some seconds. */
const CONNECT_MS = 20_000;

/** The endpoint's name in messages. */
export const nameOf = (endpoint: BrowserEndpoint): string => describeAddress(addressOf(endpoint));

/**
 * Throws a `ConfigError` if only the user can help (another version of Playwright, no such path, a certificate), and a
 * `Fault` (`browser_lost`) if it may answer later.
 */
export async function joinBrowser(
  endpoint: BrowserEndpoint,
  args: string[],
  timeout = CONNECT_MS,
): Promise<Browser> {
  const address = fillIn(addressOf(endpoint));
  const options = { timeout };
  try {
    if (endpoint.cdp !== undefined) return await playwright().chromium.connectOverCDP(address, options);
    // `playwright run-server --unsafe` starts its browser with these; `launch-server` has started it before.
    const launch = JSON.stringify({ args, proxy: { server: "http://127.0.0.1:9" } });
    return await playwright().chromium.connect(address, {
      ...options,
      headers: { "x-playwright-launch-options": launch },
    });
  } catch (cause) {
    throw explain(endpoint, cause, timeout);
  }
}

/** Replaces `${NAME}` by a variable of the environment. A value in user or query is a secret. */
function fillIn(address: string): string {
  const secretFrom = address.search(/[?#]/);
  const userTo = /^\w+:\/\/[^/?#]*@/.exec(address)?.[0].length ?? 0;
  return address.replace(/\$\{(\w+)\}/g, (_, name: string, at: number) => {
    const value = process.env[name];
    if (!value)
      throw new ConfigError(
        `browser.endpoints: ${describeAddress(address)} needs the environment variable ${name}, which is not set`,
        `Set ${name}.`,
      );
    if (at < userTo || (secretFrom >= 0 && at > secretFrom)) {
      keepSecret(value, name);
      return encodeURIComponent(value);
    }
    return value;
  });
}

/** Problems that only the user can solve, recognized by the words of Playwright and Node. */
const USERS: readonly [RegExp, (said: string) => string, string][] = [
  [
    /\b428\b|version mismatch/i,
    (said) => {
      const [server, client] = [/server version: (\S+)/, /client version: (\S+)/].map(
        (version) => version.exec(said)?.[1],
      );
      return `it runs another version of Playwright${server && client ? `: ${server} there, ${client} here` : ""}`;
    },
    `Start the server with the version of this machine: \`npx playwright-core@VERSION run-server\`.`,
  ],
  [
    /certificate|CERT_|self.signed|SSL|EPROTO|TLS/i,
    (said) => `the secure connection fails: ${firstWords(said)}`,
    "Correct its certificate (NODE_EXTRA_CA_CERTS names an authority of your own), or the address: wss:// and https:// are secure, ws:// and http:// are not.",
  ],
  [
    /\b401\b|\b403\b|Unauthorized|Forbidden/,
    () => "it refuses the key in its address",
    "Correct the key, or what the environment has for it.",
  ],
  [
    /\b(400|404|405|426|200|30\d)\b|does not look like a DevTools|Unexpected (server response|token)|JSON|Invalid URL|Invalid WebSocket frame|Parse Error|HPE_/i,
    (said) => `something else answers there: ${firstWords(said)}`,
    "Correct the address, its path included: a Playwright server prints its own, a browser with --remote-debugging-port=N is http://HOST:N.",
  ],
];

function explain(endpoint: BrowserEndpoint, thrown: unknown, timeoutMs: number): Error {
  if (thrown instanceof ConfigError) return thrown;
  const said = String((thrown as Error).message ?? thrown);
  // Playwright's own message contains the address with its keys.
  const cause = new Error(said.replace(/\b\w+:\/\/\S+/g, (address) => describeAddress(address)));
  const about = `the browser at ${nameOf(endpoint)} cannot be joined`;
  // The endpoint's address is full of numbers, and so are OpenSSL's errors (a thread, a line of a file).
  const bare = said.replace(/\b\w+:\/\/\S+/g, "").replace(/\b[\dA-F]{8,}:|\b\w+\.c:\d+:?/g, "");
  const timedOut = /Timeout \d+ms exceeded/.test(bare);
  const mayPass = timedOut || /\b(429|5\d\d)\b/.test(bare);
  const users = mayPass ? undefined : USERS.find(([pattern]) => pattern.test(bare));
  if (users) return new ConfigError(`${about}: ${users[1](bare)}`, users[2], { cause });
  // Chromium resets a connection that it cannot read, and the reset may be seen before what it had to say.
  const isReset = /^(wss|https):/.test(addressOf(endpoint)) && /ECONNRESET|hang up/.test(bare);
  const why = timedOut
    ? `no answer within ${timeoutMs / 1000} s`
    : `${firstWords(bare)}${isReset ? " (perhaps it speaks no TLS, which wss:// and https:// need)" : ""}`;
  return new Fault("browser_lost", `${about}: ${why}`, { retryable: true, cause });
}

/** The first words of an error, without Playwright's prefix. */
function firstWords(said: string): string {
  return said
    .replace(/^\w+(\.\w+)*: /, "")
    .split("\n")[0]!
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 200);
}
