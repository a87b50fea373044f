/** @file Decides who may use the server: pages of listed origins, programs with the key, operators with the key. */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { ConfigError } from "../../core/errors.ts";
import { isLoopback } from "../../http/guard.ts";

/** Where to reach a service, and from which sites. */
export interface AccessOptions {
  /** Address to listen on. */
  host: string;
  /** Where customers reach it through the shop's proxy: `https://chat.example.com`. */
  publicUrl?: string | undefined;
  /** Origins of the pages that embed the widget. */
  origins: readonly string[];
  /** The key of operators and programs; `undefined`: a new one is made. */
  key: string | undefined;
}

export interface Access {
  readonly key: string;
  /** Including the service's own public origin. */
  readonly origins: readonly string[];
  /** Only this machine can reach the service. */
  readonly isPrivate: boolean;
  isOurs: (hostname: string) => boolean;
  isKey(given: string): boolean;
  /** A cookie's value for a person with the key. */
  sign(name: string): string;
  /** The person's name; `null` if this service did not sign the cookie. */
  nameIn(cookie: string | undefined): string | null;
}

const MIN_KEY = 16;

/** Throws a `ConfigError` when others could reach the service without a key, or an origin is invalid. */
export function openAccess({ host, publicUrl, origins, key }: AccessOptions): Access {
  const isPrivate = isLoopback(host.includes(":") ? `[${host}]` : host) && publicUrl === undefined;
  if (!isPrivate && key === undefined)
    throw new ConfigError(
      "other machines can reach the service, but operators have no key",
      "Set WEBRL_AGENT_KEY to a long random text; operators and programs need it.",
    );
  if (key !== undefined && key.length < MIN_KEY)
    throw new ConfigError(
      `WEBRL_AGENT_KEY has ${key.length} characters`,
      `Use at least ${MIN_KEY} random characters.`,
    );
  const all = [...origins, ...(publicUrl === undefined ? [] : [publicUrl])].map(originOf);
  const publicHost = publicUrl === undefined ? null : new URL(publicUrl).hostname;
  const secret = key ?? randomBytes(18).toString("base64url");
  const equal = (a: string, b: string) => {
    const [left, right] = [a, b].map((text) => createHmac("sha256", secret).update(text).digest());
    return timingSafeEqual(left!, right!);
  };
  const signatureOf = (name: string) =>
    createHmac("sha256", secret).update(`operator ${name}`).digest("base64url");
  return {
    key: secret,
    origins: all,
    isPrivate,
    isOurs: (hostname) => isLoopback(hostname) || hostname === host || hostname === publicHost,
    isKey: (given) => equal(given, secret),
    sign: (name) => `${Buffer.from(name).toString("base64url")}.${signatureOf(name)}`,
    nameIn: (cookie) => {
      const [encoded = "", signature = ""] = (cookie ?? "").split(".");
      const name = Buffer.from(encoded, "base64url").toString("utf8");
      return name !== "" && equal(signature, signatureOf(name)) ? name : null;
    },
  };
}

function originOf(text: string): string {
  if (URL.canParse(text)) {
    const { origin, protocol } = new URL(text);
    if (/^https?:$/.test(protocol) && (text === origin || text === `${origin}/`)) return origin;
  }
  throw new ConfigError(
    `${JSON.stringify(text)} is not an origin`,
    "Write it like https://shop.example.com, without a path.",
  );
}
