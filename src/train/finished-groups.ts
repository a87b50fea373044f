/**
 * @file Groups of a phase's episodes, in the order of their names. The episodes of a group are always judged together,
 * because the last digits of a batched model's answer depend on the batch. An episode that the world broke keeps its
 * place, so that a group is complete when its own episodes have ended, whatever the others still do.
 */

import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";

const GROUP = 16;

/** Sorted by id, in groups; episodes that the world broke are left out, and so are empty groups. */
export function groupEpisodes(records: readonly EpisodeRecord[]): EpisodeRecord[][] {
  const groups = cut(records.map((record) => record.id));
  const byId = new Map(records.map((record) => [record.id, record]));
  return groups
    .map((ids) => ids.map((id) => byId.get(id)!).filter((record) => !isFaulted(record)))
    .filter((group) => group.length > 0);
}

function cut(ids: readonly string[]): string[][] {
  const sorted = ids.toSorted();
  return Array.from({ length: Math.ceil(sorted.length / GROUP) }, (_, i) =>
    sorted.slice(i * GROUP, (i + 1) * GROUP),
  );
}

export interface GroupWatcher {
  /** Call when an episode has ended, however it did. */
  noteEnded(record: EpisodeRecord): void;
  /** Resolves when the work that has begun is done. */
  end(): Promise<void>;
}

/** Calls `work` once for each complete group of the episodes `ids`, one at a time. It must not throw. */
export function watchGroups(
  ids: readonly string[],
  work: (group: EpisodeRecord[]) => Promise<void>,
): GroupWatcher {
  const ended = new Map<string, EpisodeRecord>();
  const groupOf = new Map(cut(ids).flatMap((group) => group.map((id) => [id, group] as const)));
  let tail = Promise.resolve();
  return {
    noteEnded: (record) => {
      ended.set(record.id, record);
      const group = groupOf.get(record.id) ?? [];
      if (!group.every((id) => ended.has(id))) return;
      const whole = group.map((id) => ended.get(id)!).filter((each) => !isFaulted(each));
      for (const id of group) ended.delete(id);
      if (whole.length > 0) tail = tail.then(() => work(whole));
    },
    end: () => tail,
  };
}
