/**
 * @file Copies of an application that episodes share: one episode at a time uses each, and a copy is made when it is
 * first needed.
 */

export interface SharedCopies<T> {
  /** Takes a copy for one episode; waits if all are in use. Rejects with what `make` throws, or the signal's reason. */
  take(signal: AbortSignal | undefined): Promise<T>;
  /** Returns a copy. */
  give(copy: T): void;
  /** All copies that were made. */
  readonly made: ReadonlySet<T>;
}

/** Makes at most `most` copies, numbered from 0; the number of a copy that could not be made is used again. */
export function shareCopies<T>(
  most: number,
  make: (number: number, signal: AbortSignal | undefined) => Promise<T>,
): SharedCopies<T> {
  const free: T[] = [];
  const made = new Set<T>();
  /** Waiting callers: each gets a copy, or `null` to try again. */
  const waiting: ((copy: T | null) => void)[] = [];
  const numbers = Array.from({ length: most }, (_, i) => i);

  const makeOne = async (signal: AbortSignal | undefined): Promise<T> => {
    const number = numbers.shift()!;
    try {
      const copy = await make(number, signal);
      made.add(copy);
      return copy;
    } catch (error) {
      numbers.unshift(number);
      waiting.shift()?.(null);
      throw error;
    }
  };
  const wait = (signal: AbortSignal | undefined): Promise<T | null> =>
    new Promise((resolve, reject) => {
      const abort = () => {
        const at = waiting.indexOf(take);
        if (at >= 0) waiting.splice(at, 1);
        reject(signal!.reason as Error);
      };
      const take = (copy: T | null) => {
        signal?.removeEventListener("abort", abort);
        resolve(copy);
      };
      waiting.push(take);
      signal?.addEventListener("abort", abort, { once: true });
    });

  const take = async (signal: AbortSignal | undefined): Promise<T> => {
    const copy = free.pop();
    if (copy !== undefined) return copy;
    if (numbers.length > 0) return makeOne(signal);
    return (await wait(signal)) ?? take(signal);
  };
  return {
    take,
    give: (copy) => {
      const next = waiting.shift();
      if (next) next(copy);
      else free.push(copy);
    },
    made,
  };
}
