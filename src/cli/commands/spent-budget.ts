/** @file What commands say when a budget is used up. */

/** Says how to continue after a budget is used up. */
export async function tellHowToGoOn<T>(work: Promise<T>, hint: () => string): Promise<T> {
  const { BudgetSpent } = await import("../../core/errors.ts");
  try {
    return await work;
  } catch (error) {
    if (error instanceof BudgetSpent) throw new BudgetSpent(error.message, hint());
    throw error;
  }
}
