/**
 * @file The journal of an agent's directory: what the agent was about to do, what came of it, and who decided. One JSON
 * object a line, appended and never changed. A complete line is on disk before the action that it announces begins; a
 * torn tail is cut off when the journal is opened again. One process writes it at a time.
 *
 * Every use writes into the same journal. A use prefixes the `kind` of its own lines with its name (`batch/item`,
 * `extract/page`), so that this file need not know them.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Action, ActionError } from "../core/action.ts";
import { ConfigError } from "../core/errors.ts";
import type { FaultCode } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { openJsonLines, readJsonLines } from "../run/json-lines.ts";
import { packageVersion } from "../run/run-info.ts";
import { lockRun } from "../run/run-lock.ts";

/** Increase it when a reader of an earlier version would misunderstand the journal. */
const JOURNAL_FORMAT = 1;
export const JOURNAL_FILE = "journal.jsonl";

/** Something done in the browser: an action of the grammar, or an address that the runtime opens by itself. */
export type JournalledAction = Action | { kind: "open"; url: string };

export type SessionEvent =
  /** The first line. */
  | { kind: "journal"; format: number; version: string }
  /** A browser session begins; `session` is part of its runs' ids. */
  | { kind: "opened"; session: string; site: string; model: string }
  | { kind: "run_started"; run: string; instruction: string }
  /**
   * Something is about to be done. `step` counts within the session; without an `effect` of the same step, the outcome
   * is unknown.
   */
  | {
      kind: "intent";
      session: string;
      run: string | null;
      step: number;
      url: string;
      action: JournalledAction;
    }
  /** It was not done. */
  | {
      kind: "refused";
      session: string;
      run: string | null;
      step: number;
      url: string;
      action: JournalledAction;
      reason: string;
    }
  /** It was done, with the page after it. `error`: it could not be carried out. */
  | { kind: "effect"; session: string; step: number; url: string; title: string; error: ActionError | null }
  | { kind: "signed_in"; session: string; url: string }
  | { kind: "fault"; session: string; step: number; code: FaultCode; message: string }
  | {
      kind: "run_ended";
      run: string;
      outcome: string;
      reason: string;
      answer: string | null;
      unsupported: boolean;
    }
  | { kind: "closed"; session: string };

/** A line that belongs to a use. */
export interface UseEvent {
  kind: `${string}/${string}`;
  [field: string]: unknown;
}

export type JournalEvent = SessionEvent | UseEvent;
export type JournalLine = JournalEvent & { time: string };

export interface Journal extends AsyncDisposable {
  readonly directory: string;
  /** The lines when it was opened, in order; empty for a new journal. */
  readonly earlier: readonly JournalLine[];
  /** Appends in one write. Throws when the disk is full, and then leaves nothing of the line. */
  append(...events: JournalEvent[]): void;
  /** All lines by now. */
  read(): Promise<JournalLine[]>;
}

/**
 * Opens the journal of a directory, and creates both if necessary. Throws a `ConfigError` when another process has it
 * open, or another version wrote it in a format that this one cannot read.
 */
export async function openJournal(directory: string): Promise<Journal> {
  await makeDirectory(directory);
  const release = await lockRun(directory);
  try {
    const path = join(directory, JOURNAL_FILE);
    const lines = openJsonLines<JournalLine>(path);
    const earlier = await readJournal(directory);
    const append: Journal["append"] = (...events) => {
      const time = new Date().toISOString();
      lines.append(...events.map((event) => ({ time, ...event })));
    };
    if (earlier.length === 0) append({ kind: "journal", format: JOURNAL_FORMAT, version: packageVersion() });
    return { directory, earlier, append, read: () => lines.read(), [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** The lines of a journal, even while a process is writing it. Throws a `ConfigError` if it has another format. */
export async function readJournal(directory: string): Promise<JournalLine[]> {
  const path = join(directory, JOURNAL_FILE);
  const lines = existsSync(path) ? await readJsonLines<JournalLine>(path) : [];
  const [first] = lines;
  if (first === undefined) return lines;
  const { format, version } = first as Partial<Extract<SessionEvent, { kind: "journal" }>>;
  if (first.kind !== "journal" || typeof format !== "number")
    throw new ConfigError(
      `${path} is not an agent's journal: its first line does not say so`,
      "Name another directory.",
    );
  if (format !== JOURNAL_FORMAT)
    throw new ConfigError(
      `${path} is a journal in format ${format}, written by webrl ${version ?? "of an unknown version"}; this version reads format ${JOURNAL_FORMAT}`,
      "Continue with the version that wrote it, or name another directory.",
    );
  return lines;
}

/** Intents whose outcome is unknown because the process ended in the middle. */
export function unfinishedIntents(
  lines: readonly JournalLine[],
): Extract<SessionEvent, { kind: "intent" }>[] {
  const open = new Map<string, Extract<SessionEvent, { kind: "intent" }>>();
  for (const line of lines) {
    const event = line as SessionEvent;
    if (event.kind === "intent") open.set(`${event.session}/${event.step}`, event);
    else if (event.kind === "effect") open.delete(`${event.session}/${event.step}`);
  }
  return [...open.values()];
}
