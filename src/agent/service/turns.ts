/** @file So many at work at once; who waits for a person lets another one work. */

export interface Turns {
  /** Runs `body` when there is room. */
  take<T>(body: () => Promise<T>): Promise<T>;
  /** Within `take`: gives the room away while `body` waits, and waits for room again after it. */
  leave<T>(body: () => Promise<T>): Promise<T>;
}

export function openTurns(atOnce: number): Turns {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  const enter = async (): Promise<void> => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const exit = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  return {
    take: async (body) => {
      await enter();
      try {
        return await body();
      } finally {
        exit();
      }
    },
    leave: async (body) => {
      exit();
      try {
        return await body();
      } finally {
        await enter();
      }
    },
  };
}
