/** @file Which wordings of a task template training may see. */

interface Worded {
  /** The last one is kept for the test split. */
  readonly phrasings: readonly string[];
  /** Further ones, for training; they count on after `phrasings`. */
  readonly paraphrases?: readonly string[];
}

/** Indices of the phrasings that training may see: all but the last of several, and the paraphrases that count on after it. */
export function trainingPhrasings(template: Worded): number[] {
  const { phrasings, paraphrases = [] } = template;
  const kept = phrasings.length > 1 ? phrasings.length - 1 : -1;
  return [...phrasings, ...paraphrases].map((_, at) => at).filter((at) => at !== kept);
}
