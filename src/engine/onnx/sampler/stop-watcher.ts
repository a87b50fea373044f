/** @file Tells when a generation has met one of its stop tokens or stop strings, and what its text is. */

import type { SampleRequest, SampleResult, Tokenizer } from "../../../core/engine.ts";

export class StopWatcher {
  readonly #tokenizer: Tokenizer;
  readonly #tokens: ReadonlySet<number>;
  readonly #strings: readonly string[];
  /** Tokens at the end that a stop string completed by the newest one can reach into. */
  readonly #reach: number;

  constructor(tokenizer: Tokenizer, { stopTokens = [], stopStrings = [] }: SampleRequest) {
    this.#tokenizer = tokenizer;
    this.#tokens = new Set(stopTokens);
    this.#strings = stopStrings.filter((text) => text !== "");
    // A token may be one byte of a character of four; tokens that print as nothing do not occur in practice.
    this.#reach = Math.max(0, ...this.#strings.map((text) => 4 * text.length)) + 4;
  }

  /** Looks at the newest token. */
  after(tokens_T: readonly number[]): "token" | "string" | null {
    if (this.#tokens.has(tokens_T.at(-1)!)) return "token";
    if (this.#strings.length === 0) return null;
    const tail = this.#tokenizer.decode(tokens_T.slice(-this.#reach));
    return this.#strings.some((text) => tail.includes(text)) ? "string" : null;
  }

  /** Without the stop token, and cut before the first stop string. */
  text(tokens_T: readonly number[], stop: SampleResult["stop"]): string {
    const text = this.#tokenizer.decode(stop === "token" ? tokens_T.slice(0, -1) : tokens_T);
    if (stop !== "string") return text;
    return text.slice(0, Math.min(...this.#strings.map((s) => text.indexOf(s)).filter((at) => at >= 0)));
  }
}
