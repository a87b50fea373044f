/** @file What an agent can do that cannot be taken back, and how a site says which of its requests do it. */

/**
 * - `buy`: an order, a booking, a bid;
 * - `pay`: money that moves;
 * - `send`: words that reach a person: a message, an application, an invitation;
 * - `publish`: words that others can read: a post, a review, a release;
 * - `delete`: something is gone, cancelled or taken away;
 * - `sign`: a contract, a consent.
 */
export const EFFECT_KINDS = ["buy", "pay", "send", "publish", "delete", "sign"] as const;

/** The kinds of effects that cannot be taken back. */
export type EffectKind = (typeof EFFECT_KINDS)[number];

/** Where the amount of a request can be read. Both: they have to agree. */
export interface AmountPlace {
  /** A field of what is sent; in JSON with dots, `order.total`. */
  field?: string;
  /** The words before the amount on the page, `Order total`. */
  text?: string;
  /**
   * What comes on top of the page's amount, by what is chosen in a field that is sent: `{ shipping: { express: 12 } }`. Where
   * something else is chosen, or nothing, the amount is not known.
   */
  plus?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** One request of a site that cannot be taken back; or, with `none`, one that looks like it and can. */
export interface IrreversibleRequest {
  /** Default `POST`. `WS` is a message over a WebSocket. */
  method?: string;
  /** `:name` stands for one segment, `*` at the end for all that follow: `/orders/:id/cancel`. */
  path: string;
  /** Only where these fields are sent with these values: `{ operationName: "placeOrder" }`. */
  fields?: Readonly<Record<string, string>>;
  kind: EffectKind | "none";
  amount?: AmountPlace;
  /** The name of the button that leads to it, where the request itself does not tell. */
  button?: string;
}
