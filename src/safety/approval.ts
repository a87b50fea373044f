/** @file Who is asked: one question at a time goes to a person, and no answer is a no. */

import type { Effect } from "./policy.ts";

/** What is to be decided, in what a person needs to decide it. */
export interface Intent {
  /** `agent`: by an action of the model; `page`: by the page itself, outside of any action; `runtime`: by what uses the agent. */
  by: "agent" | "page" | "runtime";
  effect: Effect;
  /** Of the page on which it happens. */
  pageUrl: string;
  method: string | null;
  url: string | null;
  /** What is sent. Secrets and passwords are left out. */
  fields: readonly (readonly [name: string, value: string])[];
  /** What is sent, or, where that says nothing, what the page shows; `null`: not known. */
  amount: number | null;
  /** What the page shows, where it differs. */
  shownAmount: number | null;
  /** The action, and what its element is called. */
  action: string | null;
  element: string | null;
  /** Why it counts as this effect, and what is odd about it. */
  why: string;
}

/** What a person is asked to approve. */
export interface Question {
  id: string;
  intent: Intent;
  /** The rule of the policy because of which somebody is asked. */
  rule: string;
  askedAt: string;
  /** From then on the answer is no. */
  until: string;
}

/** A person's answer to a question. */
export interface Answer {
  approved: boolean;
  /** Who answered. */
  by: string;
  note?: string;
}

/** Asks a person. `signal` is aborted when the time is up or nobody waits for the answer any more. */
export type Approver = (question: Question, signal: AbortSignal) => Promise<Answer>;

/** Questions that wait for a person somewhere else: an operator page, a queue of a company. */
export interface ApprovalQueue {
  /** To be given to the gate. */
  readonly approver: Approver;
  /** Questions that wait for an answer, oldest first. */
  pending(): readonly Question[];
  /** Answers a question; `false`: it is not open any more. */
  answer(id: string, answer: Answer): boolean;
  /** Called whenever the list changes; the result ends that. */
  onChange(listener: () => void): () => void;
}

/** Questions that wait for a person, for a program that shows them in its own way: `approver` asks, `answer` decides. */
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

/** The question as a person reads it, several lines. */
export function describeQuestion({ intent, rule }: Question): string {
  const { effect, method, url, fields, amount, shownAmount, element, pageUrl, why } = intent;
  const lines = [
    `The agent ${intent.by === "page" ? "did nothing, but the page" : ""} wants to ${effect}${amount === null ? "" : ` for ${amount}`}.`.replace(
      "  ",
      " ",
    ),
    ...(element === null ? [] : [`  button  ${JSON.stringify(element)}`]),
    `  page    ${pageUrl}`,
    ...(url === null ? [] : [`  sends   ${method} ${url}`]),
    ...fields
      .slice(0, 20)
      .map(([name, value]) => `          ${name} = ${JSON.stringify(value.slice(0, 120))}`),
    ...(fields.length > 20 ? [`          and ${fields.length - 20} more`] : []),
    ...(shownAmount !== null && shownAmount !== amount
      ? [`  CAREFUL the page shows ${shownAmount}, and ${amount} is sent`]
      : []),
    `  because ${why}; ${rule}`,
  ];
  // A page's words may hold characters that move a terminal's cursor.
  return lines.map((line) => line.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "?")).join("\n");
}
