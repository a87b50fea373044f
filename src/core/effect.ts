/** @file What an agent can do that is irreversible, and how a site declares which of its requests do it. */

/**
 * - `buy`: an order, a booking, a bid;
 * - `pay`: money that moves;
 * - `send`: words that reach a person: a message, an application, an invitation;
 * - `publish`: words that others can read: a post, a review, a release;
 * - `delete`: something is gone, cancelled or taken away;
 * - `sign`: a contract, a consent.
 */
export const EFFECT_KINDS = ["buy", "pay", "send", "publish", "delete", "sign"] as const;

/** The kinds of irreversible effects. */
export type EffectKind = (typeof EFFECT_KINDS)[number];

/** Where to read the amount of a request. If both are given, they must agree. */
export interface AmountPlace {
  /** A field of the request; in JSON with dots, `order.total`. */
  field?: string;
  /** The words before the amount on the page, `Order total`. */
  text?: string;
  /**
   * What is added to the page's amount, by the value of a field of the request: `{ shipping: { express: 12 } }`. With
   * another value, or none, the amount is unknown.
   */
  plus?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** One irreversible request of a site; or, with `none`, a harmless one that looks irreversible. */
export interface IrreversibleRequest {
  /** Default `POST`. `WS` is a message over a WebSocket. */
  method?: string;
  /** `:name` stands for one segment, `*` at the end for all that follow: `/orders/:id/cancel`. */
  path: string;
  /** Only if the request has these fields with these values: `{ operationName: "placeOrder" }`. */
  fields?: Readonly<Record<string, string>>;
  kind: EffectKind | "none";
  amount?: AmountPlace;
  /** The name of the button that leads to it, if the request itself does not tell. */
  button?: string;
}
