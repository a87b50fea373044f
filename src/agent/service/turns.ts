/** @file Limits how many conversations work at once; one that waits for a person lets another one work. */

export interface Turns {
  /** Runs `body` once there is a free place. */
  take<T>(body: () => Promise<T>): Promise<T>;
  /** Within `take`: gives up its place while `body` waits, and then waits for a place again. */
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
