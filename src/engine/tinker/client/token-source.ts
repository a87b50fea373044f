/** @file Short-lived tokens (JWT) that a server gives for the key, renewed before they end. */

export const TOKEN_PATH = "auth/token";
const RENEW_BEFORE_MS = 300_000;
/** The life of a token that does not say when it ends, and the time between two renewals that refusals ask for. */
const UNKNOWN_LIFE_MS = 1_800_000;
const RENEWALS_APART_MS = 60_000;

export interface TokenSource {
  current(): Promise<string>;
  /** The token was refused. `false`: it is new, and another would be refused as well. */
  renew(): boolean;
}

export function createTokenSource(ask: () => Promise<string>, now: () => number = Date.now): TokenSource {
  let held: { token: Promise<string>; askedAt: number; renewAt: number } | null = null;
  const begin = () => {
    const mine = { token: ask(), askedAt: now(), renewAt: Infinity };
    held = mine;
    mine.token.then(
      (token) =>
        (mine.renewAt = (endOf(token) ?? now() + UNKNOWN_LIFE_MS + RENEW_BEFORE_MS) - RENEW_BEFORE_MS),
      () => {
        if (held === mine) held = null;
      },
    );
    return mine;
  };
  return {
    current: () => (held && now() < held.renewAt ? held : begin()).token,
    renew: () => {
      if (!held || now() - held.askedAt < RENEWALS_APART_MS) return false;
      held = null;
      return true;
    },
  };
}

/** When a token says that it ends, ms; `null` where it says nothing. */
function endOf(token: string): number | null {
  const [, payload] = token.split(".");
  try {
    const { exp } = JSON.parse(Buffer.from(payload ?? "", "base64url").toString("utf8")) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
