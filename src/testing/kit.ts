/** @file A conformance kit is a list of named rules that any test runner can run. */

/** A rule of a contract. `run` throws an `AssertionError` if the rule is broken. */
export interface Rule {
  /** A sentence that is true of every right implementation. */
  name: string;
  /** Resolves if the rule holds, and throws if it is broken. */
  run: () => Promise<void>;
}

/** Runs every rule, one after another; for scripts. In vitest: `for (const r of rules) test(r.name, r.run)`. */
export async function runRules(rules: readonly Rule[]): Promise<{ name: string; error: unknown }[]> {
  const broken: { name: string; error: unknown }[] = [];
  for (const rule of rules) {
    try {
      await rule.run();
    } catch (error) {
      broken.push({ name: rule.name, error });
    }
  }
  return broken;
}
