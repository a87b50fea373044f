/**
 * @file The audit log: every decision and its outcome, one JSON object per line, in a directory's `audit.jsonl`. Each
 * line contains the hash of the line before it, so that a changed, moved or removed line is found; `audit-head.json`
 * says how many lines there are, so that a cut is found, too. A line is on disk before what it allows happens. Whoever
 * can write both files can forge a log: if that matters, keep the last hash (`verify` prints it) elsewhere.
 */

import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { redactJson } from "../text/secrets.ts";
import type { AuditEntry, AuditSink } from "./gate.ts";
import { startSpent, spend } from "./ledger.ts";

export const AUDIT_FILE = "audit.jsonl";
const HEAD_FILE = "audit-head.json";
/** The hash before the first line. */
const BEGINNING = "0".repeat(64);

export type AuditLine = { n: number; at: string; previous: string } & AuditEntry & { hash: string };

export interface AuditReport {
  lines: AuditLine[];
  /** Hash of the last line. */
  hash: string;
  /** The problems, each with its line; none if the log is intact. */
  problems: string[];
  /** The last line is incomplete: the process was killed while writing it, and nothing followed. */
  torn: boolean;
}

export interface AuditLog extends AuditSink, AsyncDisposable {
  readonly directory: string;
}

const hashOf = (line: Omit<AuditLine, "hash">): string =>
  createHash("sha256").update(JSON.stringify(line)).digest("hex");

/** Reads and checks the log of a directory. `expected`: a hash that was kept elsewhere, which must be in it. */
export function verifyAudit(directory: string, expected?: string): AuditReport {
  const path = join(directory, AUDIT_FILE);
  if (!existsSync(path))
    throw new ConfigError(`${directory} has no audit log (${AUDIT_FILE})`, "Name the directory of an agent.");
  const text = readFileSync(path, "utf8");
  const whole = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
  const lines: AuditLine[] = [];
  const problems: string[] = [];
  let previous = BEGINNING;
  for (const [index, written] of whole.entries()) {
    const where = `${AUDIT_FILE}:${index + 1}`;
    const line = parseLine(written);
    if (!line) {
      problems.push(`${where} is not a line of an audit log`);
      previous = "";
      continue;
    }
    const { hash, ...rest } = line;
    if (hashOf(rest) !== hash) problems.push(`${where} was changed after it was written`);
    if (line.previous !== previous && previous !== "")
      problems.push(
        `${where} does not follow the line before it: something between them is missing or was changed`,
      );
    if (line.n !== index + 1) problems.push(`${where} says that it is line ${line.n}`);
    lines.push(line);
    previous = hash;
  }
  const head = readHead(directory);
  if (!head) {
    if (whole.length > 0)
      problems.push(
        `${HEAD_FILE} is missing or damaged, so it is unknown whether lines at the end are missing`,
      );
  } else if (head.n > whole.length)
    problems.push(
      head.n === whole.length + 1
        ? `${AUDIT_FILE}:${head.n} is missing: the log was cut`
        : `${AUDIT_FILE}:${whole.length + 1} to ${head.n} are missing: the log was cut`,
    );
  else if (head.n > 0 && lines.find(({ n }) => n === head.n)?.hash !== head.hash && problems.length === 0)
    problems.push(`${AUDIT_FILE}:${head.n} is not the line that ${HEAD_FILE} names: the log was rewritten`);
  if (expected !== undefined && expected !== BEGINNING && !lines.some(({ hash }) => hash === expected))
    problems.push(`no line has the hash ${expected}: the log was cut before it, or rewritten`);
  return {
    lines,
    hash: lines.at(-1)?.hash ?? BEGINNING,
    problems,
    torn: !text.endsWith("\n") && text !== "",
  };
}

function parseLine(text: string): AuditLine | null {
  try {
    const line = JSON.parse(text) as Partial<AuditLine> | null;
    return typeof line?.n === "number" && typeof line.hash === "string" && typeof line.kind === "string"
      ? (line as AuditLine)
      : null;
  } catch {
    return null;
  }
}

function readHead(directory: string): { n: number; hash: string } | null {
  try {
    const head = JSON.parse(readFileSync(join(directory, HEAD_FILE), "utf8")) as { n: number; hash: string };
    return Number.isInteger(head.n) && typeof head.hash === "string" ? head : null;
  } catch {
    return null;
  }
}

/**
 * Opens the log of a directory to append to it. The caller keeps other processes out (the lock of an agent's
 * directory). Throws a `ConfigError` if it is damaged, and writes nothing then.
 */
export async function openAudit(directory: string, now: () => Date = () => new Date()): Promise<AuditLog> {
  await makeDirectory(directory);
  const path = join(directory, AUDIT_FILE);
  const before: AuditReport = existsSync(path)
    ? verifyAudit(directory)
    : { lines: [], hash: BEGINNING, problems: [], torn: false };
  if (!existsSync(path) && readHead(directory)) before.problems.push(`${AUDIT_FILE} is gone`);
  if (before.problems.length > 0)
    throw new ConfigError(
      `the audit log of ${directory} is damaged: ${before.problems[0]!}`,
      "Keep it unchanged for an investigation, and name another directory.",
    );
  const file = openSync(path, "a");
  if (before.torn) {
    const kept = readFileSync(path, "utf8");
    ftruncateSync(file, Buffer.byteLength(kept.slice(0, kept.lastIndexOf("\n") + 1)));
  }
  let { hash } = before;
  let n = before.lines.length;
  return {
    directory,
    append: (entry) => {
      const rest = { n: n + 1, at: now().toISOString(), previous: hash, ...redactJson(entry) };
      const line = { ...rest, hash: hashOf(rest) } as AuditLine;
      writeSync(file, `${JSON.stringify(line)}\n`);
      fsyncSync(file);
      ({ n, hash } = line);
      const draft = join(directory, `.${HEAD_FILE}`);
      writeFileSync(draft, `${JSON.stringify({ n, hash })}\n`);
      renameSync(draft, join(directory, HEAD_FILE));
    },
    sumSpent: (day) => {
      const spent = startSpent();
      const granted = new Map<string, AuditLine & { kind: "decision" }>();
      for (const line of before.lines)
        if (line.kind === "decision" && line.granted && line.at.startsWith(day)) {
          granted.set(line.id, line);
          spend(spent, line.intent.effect, line.intent.amount, 1);
        } else if (line.kind === "outcome" && line.unused) {
          const decision = granted.get(line.of);
          if (decision) spend(spent, decision.intent.effect, decision.intent.amount, -1);
        }
      return spent;
    },
    [Symbol.asyncDispose]: async () => closeSync(file),
  };
}

/** One entry as a line of text for a person. */
export function describeAudit(line: AuditLine): string {
  const at = line.at.replace("T", " ").replace(/\.\d+Z$/, "Z");
  if (line.kind === "outcome") return `${at}  ${line.of}  ${line.outcome}`;
  const { intent, answer, verdict, rule, granted } = line;
  const who =
    answer === null
      ? `policy: ${verdict}`
      : `${answer.by} said ${answer.approved ? "yes" : "no"}${answer.note ? ` (${answer.note})` : ""}`;
  const what = [
    intent.effect + (intent.amount === null ? "" : ` ${intent.amount}`),
    intent.method === null ? "" : `${intent.method} ${intent.url}`,
    intent.element === null ? "" : `by ${JSON.stringify(intent.element)}`,
    `on ${intent.pageUrl || "no page"}`,
  ].filter((part) => part !== "");
  return `${at}  ${line.id}  ${granted ? "granted" : "refused"}  ${what.join(", ")}; ${who}; ${rule}; ${intent.by}${line.run === null ? "" : ` in ${line.run}`}`;
}
