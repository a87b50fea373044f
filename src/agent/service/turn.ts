/**
 * @file Decides the outcome of an agent's turn for the customer, from the policy's reply and the run's ending, without
 * a model.
 */

import type { RunResult } from "../run.ts";
import type { Field } from "./fields.ts";
import { readSaid } from "./instruction.ts";
import type { ServicePolicy } from "./policy.ts";

export type TurnEnd =
  | { kind: "handover"; reason: string }
  | { kind: "identify" }
  | { kind: "ask"; fields: Field[] }
  | { kind: "say"; text: string }
  /** It had no result; `world`: that was not the agent's fault. */
  | { kind: "nothing"; why: string; isWorld: boolean };

/**
 * `wantsIdentity`: a customer's page was refused because the customer is not known. `isKnown`: the customer is known.
 */
export function readTurn(
  { outcome, reason, answer }: Pick<RunResult, "outcome" | "reason" | "answer">,
  policy: ServicePolicy,
  { wantsIdentity, isKnown }: { wantsIdentity: boolean; isKnown: boolean },
): TurnEnd {
  const said = readSaid(answer ?? "", policy);
  const isSaid = outcome === "done" || outcome === "gave up" || outcome === "refused";
  if (isSaid && said.kind === "handover") return { kind: "handover", reason: said.reason };
  // A customer's page was requested: whatever the model made of the refusal, ask the customer who they are.
  const mayAsk = !isKnown && policy.identity !== undefined;
  if (mayAsk && (wantsIdentity || (isSaid && said.kind === "identify"))) return { kind: "identify" };
  if (isSaid && said.kind === "ask")
    return { kind: "ask", fields: policy.questions.filter(({ name }) => said.names.includes(name)) };
  if (outcome === "faulted") return { kind: "nothing", why: outcome, isWorld: true };
  if (!isSaid || said.kind !== "say" || outcome === "gave up")
    return { kind: "nothing", why: said.kind === "nothing" ? said.why : reason, isWorld: false };
  return { kind: "say", text: said.text };
}
