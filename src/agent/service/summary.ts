/**
 * @file Summarizes a conversation for the person who takes over: made by the runtime from the record, not by a model.
 */

import type { AuditLine } from "../../safety/audit.ts";
import type { ConversationView } from "./events.ts";

/** A decision of the gate and its outcome; decisions about mere reading are left out. */
export function describeDecision(decision: AuditLine & { kind: "decision" }, outcome: string | null): string {
  const { intent, granted, answer, reason } = decision;
  const by = intent.element === null ? "" : ` by ${JSON.stringify(intent.element)}`;
  const path =
    intent.url === null || !URL.canParse(intent.url)
      ? ""
      : ` (${intent.method} ${new URL(intent.url).pathname})`;
  const amount = intent.amount === null ? "" : ` for ${intent.amount}`;
  const who = answer === null ? "" : `, ${answer.by} said ${answer.approved ? "yes" : "no"}`;
  const came = granted ? (outcome ?? "it is NOT KNOWN what came of it") : `refused: ${reason ?? ""}`;
  return `${intent.effect}${amount}${by}${path}${who}: ${came}`;
}

export interface DecisionRecord {
  decision: AuditLine & { kind: "decision" };
  /** `null` if it was not written down, as after a kill. */
  outcome: (AuditLine & { kind: "outcome" }) | null;
}

export function decisionsOf(lines: readonly AuditLine[]): DecisionRecord[] {
  const all = new Map<string, DecisionRecord>();
  for (const line of lines)
    if (line.kind === "decision") all.set(line.id, { decision: line, outcome: null });
    else {
      const record = all.get(line.of);
      if (record) record.outcome = line;
    }
  return [...all.values()];
}

/** Sentences about the requests that were granted and sent. */
export const describeDone = (records: readonly DecisionRecord[]): string[] =>
  records
    .filter(({ decision, outcome }) => decision.granted && outcome !== null && !outcome.unused)
    .map(({ decision, outcome }) => describeDecision(decision, outcome!.outcome));

export const unknownOf = (records: readonly DecisionRecord[]): DecisionRecord[] =>
  records.filter(({ decision, outcome }) => decision.granted && outcome === null);

export function summarize(
  view: ConversationView,
  records: readonly DecisionRecord[],
  reason: string,
): string {
  const wanted = view.messages.filter(({ from }) => from === "customer");
  const [first] = wanted;
  const last = wanted.at(-1);
  const values = (all: Record<string, string>) =>
    Object.entries(all)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
  const lines = [
    `Why: ${reason}`,
    view.customer === null
      ? `Customer: not checked${view.attempts > 0 ? ` (${view.attempts} failed)` : ""}`
      : `Customer: checked, ${values(view.customer)}`,
    ...(Object.keys(view.answers).length > 0 ? [`Said when asked: ${values(view.answers)}`] : []),
    ...(first ? [`Wanted first: ${first.text}`] : []),
    ...(last && last !== first ? [`Wrote last: ${last.text}`] : []),
    ...records
      .filter(({ outcome }) => !outcome?.unused)
      .map(({ decision, outcome }) => `- ${describeDecision(decision, outcome?.outcome ?? null)}`),
    ...(records.length === 0 ? ["Nothing was changed on the site."] : []),
  ];
  return lines.join("\n");
}
