/** @file The data of the map. */

export interface MapState {
  sessions: Record<string, { user: string }>;
}

export function createMapState(): MapState {
  return { sessions: {} };
}
