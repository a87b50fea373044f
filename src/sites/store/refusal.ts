/** @file What a domain function throws when the rules of the shop forbid what was asked. Pages show its message. */

export class Refusal extends Error {
  override readonly name = "Refusal";
  /** Field of the form that it is about. */
  readonly field: string | null;

  constructor(message: string, field: string | null = null) {
    super(message);
    this.field = field;
  }
}

export function refuseUnless(condition: unknown, message: string, field?: string): asserts condition {
  if (!condition) throw new Refusal(message, field);
}
