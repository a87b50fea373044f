/** @file The data of the forum. */

export interface ForumState {
  sessions: Record<string, { user: string }>;
}

export function createForumState(): ForumState {
  return { sessions: {} };
}
