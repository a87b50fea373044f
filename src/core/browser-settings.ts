/**
 * @file Settings of the browser, the block `browser` of a run's configuration: how pages are shown (size of the window,
 * language and clock), and which browsers elsewhere show them.
 */

import { z } from "zod";
import { ConfigError } from "./errors.ts";
import { DEFAULT_BROWSER } from "./trajectory.ts";

const isLocale = (tag: string): boolean => {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
};

const isTimezone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // Newer versions of Node accept offsets such as +02:00, but browsers do not.
    return /^[a-z]/i.test(name);
  } catch {
    return false;
  }
};

export const browserSettingsSchema = z.strictObject({
  width: z
    .int()
    .min(320)
    .max(3840)
    .default(DEFAULT_BROWSER.width)
    .describe("Width of the window that pages see, in pixels."),
  height: z.int().min(200).max(2160).default(DEFAULT_BROWSER.height).describe("Height of that window."),
  locale: z
    .string()
    .refine(isLocale, "must be a language tag such as en-US or de-DE")
    .default(DEFAULT_BROWSER.locale)
    .describe("Language that the browser tells sites, and in which their scripts write numbers and dates."),
  timezone: z
    .string()
    .refine(isTimezone, "must be a time zone such as UTC or Europe/Berlin")
    .default(DEFAULT_BROWSER.timezone)
    .describe("Time zone that pages see."),
});

const endpointSchema = z.strictObject({
  playwright: z
    .string()
    .optional()
    .describe(
      "Address of a Playwright server: ws://… or wss://…; ${NAME} in it is replaced from the environment.",
    ),
  cdp: z
    .string()
    .optional()
    .describe(
      "Address of a DevTools endpoint: http(s)://… or ws(s)://…; ${NAME} in it is replaced from the environment.",
    ),
  weight: z
    .number()
    .positive()
    .default(1)
    .describe("Its share of the episodes, relative to the weights of the others."),
  max: z.int().min(1).nullable().default(null).describe("Episodes that it runs at once; null for no limit."),
});

/** One browser elsewhere: either `playwright` or `cdp`. */
export type BrowserEndpoint = z.output<typeof endpointSchema>;

export const browserBlockSchema = z.strictObject({
  ...browserSettingsSchema.shape,
  endpoints: z
    .array(endpointSchema)
    .default([])
    .describe(
      'Browsers elsewhere: [{"playwright": "ws://…"}, {"cdp": "http://…", "weight": 2, "max": 16}]. If empty, a browser is started here.',
    ),
  proxyHost: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address at which browsers elsewhere reach this machine; its proxy is their only way out."),
  proxyListen: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "Address of this machine that the proxy listens on; null for proxyHost. Use 0.0.0.0 for all if proxyHost is a name or another machine's address.",
    ),
});

export type BrowserBlock = z.output<typeof browserBlockSchema>;

/** The address as written. */
export const addressOf = ({ playwright, cdp }: Pick<BrowserEndpoint, "playwright" | "cdp">): string =>
  playwright ?? cdp ?? "";

/** The name of an endpoint in messages: without user, query and fragment, which may contain secrets. */
export function describeAddress(address: string): string {
  return address.replace(/[?#].*$/s, "").replace(/^(\w+:\/\/)[^/]*@/, "$1");
}

const SECRET_PARAMETER = /token|key|auth|secret|pass|sig|credential|jwt/i;

/** Throws a `ConfigError` if an endpoint is invalid, or would put a secret into a run's configuration. */
export function checkEndpoints(endpoints: readonly BrowserEndpoint[]): void {
  const seen = new Set<string>();
  for (const endpoint of endpoints) {
    const { playwright, cdp } = endpoint;
    if ((playwright === undefined) === (cdp === undefined))
      throw new ConfigError(
        "browser.endpoints: each must have either playwright or cdp",
        'Write {"playwright": "ws://…"} or {"cdp": "http://…"}.',
      );
    const address = addressOf(endpoint);
    const kind = playwright === undefined ? "cdp" : "playwright";
    const schemes = kind === "cdp" ? ["http:", "https:", "ws:", "wss:"] : ["ws:", "wss:"];
    // The environment has not filled it in yet.
    const tried = address.replace(/\$\{\w*\}/g, "0");
    if (!URL.canParse(tried) || !schemes.includes(new URL(tried).protocol))
      throw new ConfigError(
        `browser.endpoints: ${describeAddress(address)} is not an address of a ${kind === "cdp" ? "DevTools endpoint" : "Playwright server"}`,
        kind === "cdp" ? "Write it like http://HOST:9222." : "Write it like ws://HOST:3000/.",
      );
    refuseSecrets(address);
    if (seen.has(address))
      throw new ConfigError(
        `browser.endpoints names ${describeAddress(address)} twice`,
        "Name it once, with a larger weight if it should get more episodes.",
      );
    seen.add(address);
  }
}

function refuseSecrets(address: string): void {
  const refuse = (what: string): never => {
    throw new ConfigError(
      `browser.endpoints: the address of ${describeAddress(address)} contains ${what}, which would be written into the run's files`,
      "Put it into an environment variable and write ${NAME} instead (in single quotes on a command line).",
    );
  };
  const fromEnvironment = /^(\$\{\w+\})*$/;
  const user = /^\w+:\/\/([^/]*)@/.exec(address)?.[1] ?? "";
  if (!user.split(":").every((part) => fromEnvironment.test(part))) refuse("a user or a password");
  for (const pair of address.replace(/^[^?]*\??/s, "").split(/[&#]/)) {
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    if (SECRET_PARAMETER.test(name) && !fromEnvironment.test(value)) refuse(`a value of ${name}`);
  }
}
