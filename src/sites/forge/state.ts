/** @file The data of the forge. */

export interface ForgeState {
  sessions: Record<string, { user: string }>;
}

export function createForgeState(): ForgeState {
  return { sessions: {} };
}
