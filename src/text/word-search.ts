/** @file Finds any of many words in one pass over a text, in linear time whatever they are: Aho and Corasick, 1975. */

export interface WordSearch {
  /** Length of the longest word. */
  readonly longest: number;
  /** The state after one more UTF-16 unit; a text begins in state 0. */
  step(state: number, unit: number): number;
  /** Length of the longest word that ends here; 0 where none does. */
  wordAt(state: number): number;
  /** Length of the longest beginning of a word that ends here and is at least half of that word and `least` long. */
  beginningAt(state: number, least: number): number;
}

export function searchWords(words: readonly string[]): WordSearch {
  const units = new Set(
    words.flatMap((word) => Array.from({ length: word.length }, (_, i) => word.charCodeAt(i))),
  );
  /** Column of a unit in `next`; 0 for those that are in no word. */
  const column = new Uint16Array(1 << 16);
  for (const [index, unit] of [...units].entries()) column[unit] = index + 1;
  const width = units.size + 1;
  const most = 1 + words.reduce((sum, word) => sum + word.length, 0);
  const next = new Int32Array(most * width);
  const depth = new Int32Array(most);
  const ends = new Int32Array(most);
  /** The shortest word that goes through a state. */
  const shortest = new Int32Array(most).fill(1 << 30);
  const fallback = new Int32Array(most);
  let states = 1;
  for (const word of words) {
    let state = 0;
    for (let i = 0; i < word.length; i++) {
      const at = state * width + column[word.charCodeAt(i)]!;
      if (next[at] === 0) {
        depth[states] = i + 1;
        next[at] = states++;
      }
      state = next[at]!;
      shortest[state] = Math.min(shortest[state]!, word.length);
    }
    ends[state] = word.length;
  }
  // Breadth first, so that what a state falls back to is complete before it.
  const queue = [0];
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head]!;
    for (let c = 1; c < width; c++) {
      const at = state * width + c;
      const below = state === 0 ? 0 : next[fallback[state]! * width + c]!;
      const child = next[at]!;
      if (child === 0) next[at] = below;
      else {
        fallback[child] = below;
        ends[child] = Math.max(ends[child]!, ends[below]!);
        queue.push(child);
      }
    }
  }
  return {
    longest: words.reduce((most, word) => Math.max(most, word.length), 0),
    step: (state, unit) => next[state * width + column[unit]!]!,
    wordAt: (state) => ends[state]!,
    beginningAt: (state, least) => {
      for (let at = state; depth[at]! >= least; at = fallback[at]!)
        if (2 * depth[at]! >= shortest[at]!) return depth[at]!;
      return 0;
    },
  };
}
