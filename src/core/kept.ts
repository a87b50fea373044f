/** What a promise brings, made once. A promise that fails is forgotten, and made anew when it is next asked for. */
export class Kept<T> {
  #promise: Promise<T> | undefined;

  /** The promise that is kept; else that of `make`, which is kept from now on. */
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
