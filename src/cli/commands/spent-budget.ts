/** @file What commands say of a budget that is used up. */

/** Says, of a budget that is used up, how to go on. */
export async function tellHowToGoOn<T>(work: Promise<T>, hint: () => string): Promise<T> {
  const { BudgetSpent } = await import("../../core/errors.ts");
  try {
    return await work;
  } catch (error) {
    if (error instanceof BudgetSpent) throw new BudgetSpent(error.message, hint());
    throw error;
  }
}
