/**
 * @file How the scripts in the page's own world keep natives that the page's scripts may replace, and follow their use.
 */

/** Replaces a native function by one that does the same, then calls `after`. */
export type Follow = (
  owner: object,
  name: string,
  kind: "value" | "set",
  after: (self: unknown, args: unknown[], result: unknown) => void,
) => void;

/**
 * A method or getter of a class, as a function of its object that needs no prototype. Call it before the page's scripts
 * run.
 */
export function free<F>(type: { prototype: object }, name: string, kind: "value" | "get" = "value"): F {
  const native = Object.getOwnPropertyDescriptor(type.prototype, name)![kind] as () => void;
  const { bind, call } = Function.prototype as unknown as Record<"bind" | "call", () => void>;
  return Reflect.apply(bind, call, [native]) as F;
}
