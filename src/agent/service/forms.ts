/** @file Forms for the customer: the policy's questions, and who they are, which the runtime checks itself. */

import { randomBytes } from "node:crypto";
import type { ConversationParts } from "./conversation-parts.ts";
import { Refused } from "./conversation-parts.ts";
import type { ConversationLog } from "./conversation-log.ts";
import type { Field, Values } from "./fields.ts";
import { checkValues, readValues } from "./fields.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface FormOptions {
  parts: ConversationParts;
  log: ConversationLog;
  queue: WorkQueue;
  /** The customer is who they say they are. */
  onKnown: (customer: Values) => void;
  /** A question is answered. */
  onAnswered: () => void;
  /** The runtime cannot check them: a person has to. */
  onUnknown: (reason: string) => void;
  /** The check itself broke, which tells nothing about the customer. */
  onTrouble: (error: unknown) => void;
}

/** What customers read when the world breaks. */
export const OUR_FAULT =
  "I am sorry, something on our side does not work just now. Please try again in a moment.";

export class CustomerForms {
  readonly #options: FormOptions;
  #isChecking = false;

  constructor(options: FormOptions) {
    this.#options = options;
  }

  /** The check of what the customer said about themselves is under way. */
  get isChecking(): boolean {
    return this.#isChecking;
  }

  askIdentity(): void {
    this.#ask("identity", this.#options.parts.policy.identity!.ask);
  }

  askQuestions(fields: Field[]): void {
    this.#ask("question", fields);
  }

  /** Throws `Refused` when this form is not open, or values are not valid. */
  answer(form: string, given: Readonly<Record<string, unknown>>): void {
    const { values, errors } = checkValues(this.#openForm(form).fields, given);
    if (Object.keys(errors).length > 0) throw new Refused(400, Object.values(errors).join(" "), errors);
    this.#take(values);
  }

  /** Throws `Refused` when this form is not open. */
  assertOpen(form: string): void {
    this.#openForm(form);
  }

  /** Takes a message that a customer writes instead of filling in the form. */
  answerByWords(message: string): void {
    const { log } = this.#options;
    const { fields } = log.view.form!;
    const { values, errors } = checkValues(fields, readValues(fields, message));
    if (Object.keys(errors).length === 0) return this.#take(values);
    log.append({
      kind: "chat/message",
      from: "system",
      text: `Please fill in the form above. ${Object.values(errors).join(" ")}`,
    });
  }

  #openForm(form: string) {
    const open = this.#options.log.view.form;
    if (open?.form !== form) throw new Refused(409, "this question is not open any more");
    return open;
  }

  #ask(purpose: "identity" | "question", fields: Field[]): void {
    const form = randomBytes(6).toString("hex");
    this.#options.log.append({ kind: "chat/asked", form, purpose, fields });
  }

  #take(values: Values): void {
    const { log, queue, onAnswered, onTrouble } = this.#options;
    const { form, purpose } = log.view.form!;
    // What somebody says about who they are is kept only if it is true.
    log.append({ kind: "chat/answered", form, values: purpose === "question" ? values : {} });
    if (purpose === "question") return onAnswered();
    this.#isChecking = true;
    queue
      .do((signal) => this.#check(values, signal).finally(() => (this.#isChecking = false)))
      .catch((error: unknown) => {
        if (log.view.state !== "agent") return;
        onTrouble(error);
      });
  }

  async #check(values: Values, signal: AbortSignal): Promise<void> {
    const { parts, log, onKnown, onUnknown } = this.#options;
    const { policy, verify, guesses } = parts;
    const { attempts } = policy.identity!;
    const customer = guesses.isLimited(values) ? null : await verify!(values, signal);
    if (signal.aborted || log.view.state !== "agent") return;
    if (customer !== null) {
      log.append({ kind: "chat/checked", known: true, customer, reason: null });
      return onKnown(customer);
    }
    guesses.fail(values);
    const reason = "the given values do not belong together";
    log.append({ kind: "chat/checked", known: false, customer: null, reason });
    if (log.view.attempts >= attempts)
      return onUnknown(`who the customer is could not be checked in ${attempts} attempts`);
    log.append({
      kind: "chat/message",
      from: "system",
      text: "These do not belong together. Please check them and try again.",
    });
    this.askIdentity();
  }
}
