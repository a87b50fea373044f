/** @file Asks a person, one question at a time; no answer means no. */

import type { Effect } from "./policy.ts";
import { EFFECT_VERBS } from "./policy.ts";

/** What has to be decided, with what a person needs to decide it. */
export interface Intent {
  /**
   * `agent`: by an action of the model; `page`: by the page itself, outside of any action; `runtime`: by the program
   * that uses the agent.
   */
  by: "agent" | "page" | "runtime";
  effect: Effect;
  /** Address of the page on which it happens. */
  pageUrl: string;
  method: string | null;
  url: string | null;
  /** The fields of the request, without secrets and passwords. */
  fields: readonly (readonly [name: string, value: string])[];
  /** The amount in the request or, if there is none, on the page; `null` if unknown. */
  amount: number | null;
  /** The amount that the page shows, if it differs. */
  shownAmount: number | null;
  /** The action and its element's name. */
  action: string | null;
  element: string | null;
  /** Why it counts as this effect, and what is suspicious about it. */
  why: string;
}

/** What a person is asked to approve. */
export interface Question {
  id: string;
  intent: Intent;
  /** The rule of the policy that requires the question. */
  rule: string;
  askedAt: string;
  /** After this time the answer is no. */
  until: string;
}

/** A person's answer to a question. */
export interface Answer {
  approved: boolean;
  /** Who answered. */
  by: string;
  note?: string;
}

/** Asks a person. `signal` is aborted when the time is up or the answer is no longer needed. */
export type Approver = (question: Question, signal: AbortSignal) => Promise<Answer>;

/** Questions that wait for a person elsewhere, on an operators' page or in a company's queue. */
export interface ApprovalQueue {
  /** Give this to the gate. */
  readonly approver: Approver;
  /** Questions that wait for an answer, oldest first. */
  pending(): readonly Question[];
  /** Answers a question; `false` if it is no longer open. */
  answer(id: string, answer: Answer): boolean;
  /** Calls back whenever the list changes; call the result to stop. */
  onChange(listener: () => void): () => void;
}

/** Questions that wait for a person, for a program that shows them itself: `approver` asks, `answer` decides. */
export function approvalQueue(): ApprovalQueue {
  const open = new Map<string, { question: Question; resolve: (answer: Answer) => void }>();
  const listeners = new Set<() => void>();
  const tellChange = () => {
    for (const listener of listeners) listener();
  };
  return {
    approver: (question, signal) =>
      new Promise<Answer>((resolve, reject) => {
        const close = () => {
          open.delete(question.id);
          tellChange();
        };
        signal.addEventListener(
          "abort",
          () => {
            close();
            reject(signal.reason as Error);
          },
          { once: true },
        );
        open.set(question.id, {
          question,
          resolve: (answer) => {
            close();
            resolve(answer);
          },
        });
        tellChange();
      }),
    pending: () => [...open.values()].map(({ question }) => question),
    answer: (id, answer) => {
      const waiting = open.get(id);
      waiting?.resolve(answer);
      return waiting !== undefined;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The question as text for a person, in several lines. */
export function describeQuestion({ intent, rule }: Question): string {
  const { effect, method, url, fields, amount, shownAmount, element, pageUrl, why } = intent;
  const lines = [
    `The agent ${intent.by === "page" ? "did nothing, but the page " : ""}wants to ${EFFECT_VERBS[effect]}${amount === null ? "" : ` (amount ${amount})`}.`,
    ...(element === null ? [] : [`  button  ${JSON.stringify(element)}`]),
    `  page    ${pageUrl}`,
    ...(url === null ? [] : [`  sends   ${method} ${url}`]),
    ...fields
      .slice(0, 20)
      .map(([name, value]) => `          ${name} = ${JSON.stringify(value.slice(0, 120))}`),
    ...(fields.length > 20 ? [`          and ${fields.length - 20} more`] : []),
    ...(shownAmount !== null && shownAmount !== amount
      ? [`  CAREFUL the page shows ${shownAmount}, but the request says ${amount}`]
      : []),
    `  because ${why}; ${rule}`,
  ];
  // A page's words may contain characters that move a terminal's cursor.
  return lines.map((line) => line.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "?")).join("\n");
}
