/**
 * @file How the server says no: a refusal before anything is queued is an HTTP status, a failure afterwards is the
 * result of the future.
 */

/** Nothing of the request was accepted. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: 400 | 401 | 403 | 404 | 409 | 410 | 413 | 415 | 422 | 429 | 503;

  constructor(status: Refusal["status"], message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.status = status;
  }
}

/** `user`: another request would work. `server`: this one may work later, or never here. */
export type Category = "user" | "server";

/** An accepted request that could not be done. The model's weights are as if it had never come. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly category: Category;

  constructor(message: string, category: Category = "user", options: { cause?: unknown } = {}) {
    super(message, options);
    this.category = category;
  }
}
