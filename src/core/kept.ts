/**
 * Keeps the result of a promise that is made once. A promise that fails is forgotten; the next request makes a new one.
 */
export class Kept<T> {
  #promise: Promise<T> | undefined;

  /** The promise that is kept; if there is none, the promise of `make`, which is kept from now on. */
  get(make: () => Promise<T>): Promise<T> {
    if (this.#promise) return this.#promise;
    const made = make();
    this.#promise = made;
    made.catch(() => {
      if (this.#promise === made) this.forget();
    });
    return made;
  }

  /** What is kept, if anything is. */
  get current(): Promise<T> | undefined {
    return this.#promise;
  }

  forget(): void {
    this.#promise = undefined;
  }
}
