/** @file The data of the store. */

export interface StoreState {
  sessions: Record<string, { user: string }>;
}

export function createStoreState(): StoreState {
  return { sessions: {} };
}
