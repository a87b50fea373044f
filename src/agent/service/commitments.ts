/**
 * @file What a conversation's agent may commit to: asks the people who decide, on behalf of the gate. If the policy's
 * `confirm` names an effect, the customer is asked before it happens, whatever `safety` says about it; if `safety` says
 * ask, the shop's staff is asked after that.
 */

import { randomBytes } from "node:crypto";
import type { MakeGuard } from "../../browser/guard.ts";
import { approvalQueue } from "../../safety/approval.ts";
import type { Answer, ApprovalQueue, Question } from "../../safety/approval.ts";
import { guardBy } from "../../safety/episode-gate.ts";
import type { AuditSink, Gate } from "../../safety/gate.ts";
import { openGate } from "../../safety/gate.ts";
import { describeQuestionToCustomer, readYesNo } from "./confirm.ts";
import type { NewChatEvent } from "./events.ts";
import type { ServicePolicy } from "./policy.ts";

export interface Commitments {
  /** The gate of the conversation's browser. */
  readonly guard: MakeGuard;
  /** Questions that wait for the shop's staff. */
  readonly approvals: ApprovalQueue;
  /** Limits per run apply to the conversation. */
  beginRun(id: string): void;
  /** Milliseconds so far spent waiting for the customer's or the staff's answer. */
  sumAskedMs(): number;
  /** The question that the customer has to answer; `null`: none. */
  readonly confirming: string | null;
  /** `false` if this question is not open. */
  confirm(question: string, yes: boolean): boolean;
  /** Only a plain yes counts; anything else changes nothing and is answered as a message. */
  confirmByWords(message: string): void;
  /** No further answers will come. */
  drop(reason: string): void;
}

export interface CommitmentOptions {
  policy: ServicePolicy;
  audit: AuditSink;
  append: (event: NewChatEvent) => void;
  /** Whether the agent serves the customer; otherwise a person of the shop has taken over and answers for both. */
  isServing: () => boolean;
  /** Lets others work while this waits for people. */
  whileWaiting<T>(body: () => Promise<T>): Promise<T>;
}

/** The rule named in a question that only the customer has to answer. */
const CONFIRM = "the customer confirms it";
const WAITING_FOR_PERSON = "A colleague has to agree to this. I have asked, and will tell you.";

export function openCommitments(options: CommitmentOptions): Commitments {
  const { policy, audit, append, isServing } = options;
  const confirms = new Set<string>(policy.confirm);
  const approvals = approvalQueue();
  let open: { question: string; resolve: (answer: Answer) => void } | null = null;

  const askCustomer = async (asked: Question, signal: AbortSignal): Promise<Answer> => {
    const question = randomBytes(6).toString("hex");
    append({ kind: "chat/confirm", question, text: describeQuestionToCustomer(asked) });
    const answer = await new Promise<Answer>((resolve) => {
      const none = () => resolve({ approved: false, by: "nobody", note: "the customer did not answer" });
      open = { question, resolve };
      if (signal.aborted) none();
      else signal.addEventListener("abort", none, { once: true });
    });
    open = null;
    append({ kind: "chat/confirmed", question, yes: answer.approved, by: answer.by });
    return answer;
  };

  const askPerson = async (asked: Question, signal: AbortSignal): Promise<Answer> => {
    if (isServing()) append({ kind: "chat/message", from: "system", text: WAITING_FOR_PERSON });
    append({
      kind: "chat/note",
      by: "gate",
      text: `Waits for approval: ${asked.intent.effect}, because ${asked.rule}`,
    });
    const answer = await approvals.approver(asked, signal);
    append({
      kind: "chat/note",
      by: answer.by,
      text: answer.approved ? "Approved" : `Not approved${answer.note ? `: ${answer.note}` : ""}`,
    });
    return answer;
  };

  const gate = openGate({
    policy: policy.safety,
    audit,
    approver: (question, signal) =>
      options.whileWaiting(async () => {
        const isConfirm = question.rule === CONFIRM;
        if (isServing() && confirms.has(question.intent.effect)) {
          const answer = await askCustomer(question, signal);
          if (!answer.approved || isConfirm) return answer;
        }
        return askPerson(question, signal);
      }),
  });
  const confirming: Gate = {
    ...gate,
    decide: (intent, options = {}) =>
      gate.decide(intent, {
        ...options,
        atLeast:
          options.atLeast ?? (confirms.has(intent.effect) ? { verdict: "ask", rule: CONFIRM } : undefined),
      }),
  };
  return {
    guard: guardBy(confirming),
    approvals,
    beginRun: (id) => gate.beginRun(id),
    sumAskedMs: () => gate.sumAskedMs(),
    get confirming() {
      return open?.question ?? null;
    },
    confirm: (question, yes) => {
      if (open?.question !== question) return false;
      open.resolve({ approved: yes, by: "the customer" });
      return true;
    },
    confirmByWords: (message) => {
      const yes = readYesNo(message) === "yes";
      open?.resolve({
        approved: yes,
        by: "the customer",
        ...(!yes && { note: "they did not answer with yes" }),
      });
    },
    drop: (reason) => {
      const no = { approved: false, by: "nobody", note: reason };
      open?.resolve(no);
      for (const { id } of approvals.pending()) approvals.answer(id, no);
    },
  };
}
