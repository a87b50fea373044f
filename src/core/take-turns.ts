/** @file Interleaves lists: the first of each, then the second of each, and so on. */

export function takeTurns<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }).flatMap((_, round) =>
    lists.flatMap((list) => (round < list.length ? [list[round]!] : [])),
  );
}
