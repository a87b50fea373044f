/**
 * @file One conversation: what customer, agent and person say and do, with one line in the journal for each. The
 * agent's turns, the check of who the customer is, questions, confirmations, approvals and handing over are decided
 * here, by the policy and the gate; the model decides only what to do and say in a turn.
 *
 *     message ─► turn ─► say ─────────────► customer
 *                 ├────► /identify, /ask ─► form ─► checked by the runtime ─► turn
 *                 ├────► /handover, stuck ► waiting ─► person ─► give back ─► turn
 *                 └ gate ► confirm (customer) ─► approve (person) ─► the request leaves
 */

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { invariant } from "../../core/errors.ts";
import type { ApprovalQueue } from "../../safety/approval.ts";
import type { AuditLog } from "../../safety/audit.ts";
import { AUDIT_FILE, verifyAudit } from "../../safety/audit.ts";
import type { AgentRecord } from "../record.ts";
import { AgentTurns } from "./agent-turns.ts";
import type { Commitments } from "./commitments.ts";
import { openCommitments } from "./commitments.ts";
import { ConversationLog } from "./conversation-log.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { hashToken, Refused } from "./conversation-parts.ts";
import { Desk } from "./desk.ts";
import type { ChatEvent, ConversationState, ConversationView } from "./events.ts";
import { CHAT_FORMAT, isUnanswered } from "./events.ts";
import { CustomerForms, OUR_FAULT } from "./forms.ts";
import { decisionsOf, summarize, unknownOf } from "./summary.ts";
import { WorkQueue } from "./work-queue.ts";

const INTERRUPTED = "I was interrupted, and go on now.";

export class Conversation implements AsyncDisposable {
  readonly #parts: ConversationParts;
  readonly #record: AgentRecord;
  readonly #audit: AuditLog;
  readonly #commitments: Commitments;
  readonly #desk: Desk;
  readonly #log: ConversationLog;
  readonly #queue: WorkQueue;
  readonly #forms: CustomerForms;
  readonly #turns: AgentTurns;
  readonly #sent: number[] = [];
  #disposed = false;

  constructor(parts: ConversationParts, record: AgentRecord, audit: AuditLog) {
    this.#parts = parts;
    this.#record = record;
    this.#audit = audit;
    this.#log = new ConversationLog(record.journal);
    this.#commitments = openCommitments({
      policy: parts.policy,
      audit: { append: (entry) => audit.append(entry), sumSpent: parts.sumSpent },
      append: (event) => this.#log.append(event),
      isServing: () => this.view.state === "agent",
      whileWaiting: (body) => parts.turns.leave(body),
    });
    this.#desk = new Desk(parts, record, this.#commitments);
    this.#desk.customer = this.view.customer;
    this.#queue = new WorkQueue({
      turns: parts.turns,
      ending: parts.signal,
      onIdle: () => {
        this.#desk.usedAt = Date.now();
        // What has happened in the meantime.
        if (this.#hasWork()) this.#start();
      },
    });
    this.#forms = new CustomerForms({
      parts,
      log: this.#log,
      queue: this.#queue,
      onKnown: (customer) => (this.#desk.customer = customer),
      onAnswered: () => this.#start(),
      onUnknown: (reason) => this.#handOver(reason, "service"),
      onTrouble: (error) => {
        if (this.#disposed) return;
        this.#trouble(error);
        this.#log.append({ kind: "chat/message", from: "system", text: OUR_FAULT });
        this.#forms.askIdentity();
      },
    });
    this.#turns = new AgentTurns({
      parts,
      log: this.#log,
      desk: this.#desk,
      forms: this.#forms,
      decisions: () => this.decisions(),
      handOver: (reason, by) => this.#handOver(reason, by),
      trouble: (error) => this.#trouble(error),
    });
  }

  /** The conversation's present state. */
  get view(): ConversationView {
    return this.#log.view;
  }

  /** Begins a conversation. `token` belongs to the customer, who has the only copy. */
  begin(id: string, origin: string | null): string {
    invariant(this.view.n === 0, "a conversation begins once");
    const token = randomBytes(24).toString("base64url");
    this.#log.append({ kind: "chat/opened", format: CHAT_FORMAT, id, token: hashToken(token), origin });
    this.#log.append({ kind: "chat/message", from: "agent", text: this.#parts.policy.greeting });
    this.#commitments.beginRun(id);
    return token;
  }

  /** Continues after the process ended, wherever that was. */
  resume(): void {
    this.#commitments.beginRun(this.view.id);
    if (this.view.confirm)
      this.#log.append({
        kind: "chat/confirmed",
        question: this.view.confirm.question,
        yes: false,
        by: "nobody: the service was stopped",
      });
    if (this.view.state !== "agent" || !isUnanswered(this.view)) return;
    const unknown = unknownOf(this.decisions());
    if (unknown.length > 0)
      return this.#handOver(
        "the service was stopped in the middle, and the outcome of something that was sent is unknown",
        "service",
      );
    if (this.view.form) return;
    this.#log.append({ kind: "chat/message", from: "system", text: INTERRUPTED });
    this.#start();
  }

  get id(): string {
    return this.view.id;
  }

  get isAtWork(): boolean {
    return this.#queue.isWorking;
  }

  /** Questions of the gate that wait for the shop's staff. */
  get approvals(): ApprovalQueue {
    return this.#commitments.approvals;
  }

  get directory(): string {
    return this.#record.directory;
  }

  get hasBrowser(): boolean {
    return this.#desk.session !== null;
  }

  /** Sends the events after number `after`, then new ones as they come; call the result to stop. */
  listen(after: number, listener: (event: ChatEvent) => void): () => void {
    return this.#log.listen(after, listener);
  }

  /** Takes a customer's message. A `key` that was used before means the same message, sent again. */
  receive(text: string, key?: string): void {
    this.#assertOpen();
    const { limits, handover } = this.#parts.policy;
    if (key !== undefined && this.#log.has(key)) return;
    const message = text.normalize("NFC").trim();
    if (message === "") throw new Refused(400, "the message is empty");
    if (message.length > limits.characters)
      throw new Refused(413, `a message has at most ${limits.characters} characters`);
    if (this.view.messages.filter(({ from }) => from === "customer").length >= limits.messages)
      throw new Refused(429, "this conversation has too many messages; please begin a new one");
    this.#limitRate();
    this.#log.append({
      kind: "chat/message",
      from: "customer",
      text: message,
      ...(key !== undefined && { key }),
    });
    if (this.view.state !== "agent") return;
    const lower = message.toLowerCase();
    if (handover.words.some((word) => lower.includes(word.toLowerCase())))
      return this.#handOver("the customer asked for a person", "customer");
    if (this.#commitments.confirming !== null) return this.#commitments.confirmByWords(message);
    if (this.view.form) return this.#forms.answerByWords(message);
    this.#start();
  }

  /** Takes what a customer fills in. */
  answer(form: string, given: Readonly<Record<string, unknown>>): void {
    this.#assertOpen();
    this.#forms.assertOpen(form);
    this.#limitRate();
    this.#forms.answer(form, given);
  }

  /** Takes the customer's yes or no to what the agent is about to do. */
  confirm(question: string, yes: boolean): void {
    this.#assertOpen();
    if (!this.#commitments.confirm(question, yes))
      throw new Refused(409, "this question is not open any more");
  }

  askForPerson(): void {
    this.#assertOpen();
    if (this.view.state === "agent") this.#handOver("the customer asked for a person", "customer");
  }

  takeOver(by: string): void {
    this.#assertOpen();
    if (this.view.state === "person") return;
    this.#setState("person", by, `${by} took over`);
  }

  say(text: string, by: string): void {
    this.#assertOpen();
    if (text.trim() === "") throw new Refused(400, "the message is empty");
    this.takeOver(by);
    this.#log.append({ kind: "chat/message", from: "person", text: text.trim(), by });
  }

  giveBack(by: string): void {
    this.#assertOpen();
    if (this.view.state === "agent") return;
    this.#setState("agent", by, `${by} gave it back`);
    if (isUnanswered(this.view)) this.#start();
  }

  /**
   * Lets the agent do something for the person who has taken over, within the same policy. The result becomes a note.
   */
  instruct(text: string, by: string): void {
    this.#assertOpen();
    if (text.trim() === "") throw new Refused(400, "the instruction is empty");
    this.takeOver(by);
    this.#log.append({ kind: "chat/note", by, text: `Asked the agent: ${text.trim()}` });
    const note = (said: string) => this.#log.append({ kind: "chat/note", by: "agent", text: said });
    const doing = this.#queue.do(async (signal) => {
      const session = await this.#desk.open(signal);
      const result = await session.run(text.trim(), { signal });
      note(`${result.outcome}: ${result.answer ?? result.reason}`);
    });
    doing.catch((error: unknown) => note(`It could not be done: ${(error as Error).message}`));
  }

  close(by: string, reason: string): void {
    if (this.view.state === "closed") return;
    this.#setState("closed", by, reason);
    // Need not be awaited: work under way ends by itself, and may have opened a browser until then.
    const leave = async () => {
      await this.#desk.leave();
      await this.#queue.waitUntilIdle();
      await this.#desk.leave();
    };
    leave().catch((error: unknown) => this.#trouble(error));
  }

  /** The page as the agent sees it; `null` if no browser is open. */
  async picture(): Promise<Uint8Array | null> {
    return this.#desk.session === null ? null : this.#desk.session.screenshot();
  }

  get pageUrl(): string | null {
    return this.#desk.session?.page.url ?? null;
  }

  /** Closes the browser or the conversation if nobody has used it for long. */
  tidy(now = Date.now()): void {
    const { limits } = this.#parts.policy;
    if (this.view.state === "closed") return;
    if (
      !this.#queue.isWorking &&
      this.#desk.session &&
      now - this.#desk.usedAt > limits.browserIdleSeconds * 1000
    )
      this.#desk.leave().catch((error: unknown) => this.#trouble(error));
    const isIdle = now - Date.parse(this.view.lastAt) > limits.idleMinutes * 60_000;
    if (isIdle && !this.#queue.isWorking && this.view.state === "agent") {
      this.#log.append({
        kind: "chat/message",
        from: "system",
        text: "This conversation was closed because nobody wrote any more.",
      });
      this.close("service", "nobody wrote any more");
    }
  }

  /** For the operators' page: decisions of the gate with their outcome. */
  decisions(): ReturnType<typeof decisionsOf> {
    const { directory } = this.#record;
    return existsSync(join(directory, AUDIT_FILE)) ? decisionsOf(verifyAudit(directory).lines) : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#queue.stop("the service ends");
    await this.#queue.waitUntilIdle();
    try {
      await this.#desk.leave();
    } finally {
      await this.#audit[Symbol.asyncDispose]();
      await this.#record[Symbol.asyncDispose]();
    }
  }

  #assertOpen(): void {
    if (this.#disposed) throw new Refused(410, "the service ends");
    if (this.view.state === "closed") throw new Refused(410, "this conversation is closed");
  }

  #limitRate(): void {
    const now = Date.now();
    while (this.#sent.length > 0 && now - this.#sent[0]! > 60_000) this.#sent.shift();
    if (this.#sent.length >= this.#parts.policy.limits.messagesPerMinute)
      throw new Refused(429, "too many messages at once; please wait a minute");
    this.#sent.push(now);
  }

  #setState(state: ConversationState, by: string, reason: string, summary?: string): void {
    this.#log.append({ kind: "chat/state", state, by, reason, ...(summary !== undefined && { summary }) });
    if (state !== "agent") {
      this.#queue.stop(reason);
      this.#commitments.drop(reason);
    }
  }

  #handOver(reason: string, by: string): void {
    if (this.view.state !== "agent") return;
    this.#setState("waiting", by, reason, summarize(this.view, this.decisions(), reason));
    this.#log.append({ kind: "chat/message", from: "system", text: this.#parts.policy.handover.message });
  }

  /** Lets the agent work until everything is answered; one loop at a time. */
  #start(): void {
    if (this.#queue.isWorking || this.#disposed || this.#parts.signal.aborted) return;
    const working = this.#queue.do(async (signal) => {
      while (!signal.aborted && this.#hasWork()) await this.#turns.take(signal);
    });
    working.catch((error: unknown) => {
      this.#trouble(error);
      this.#handOver("the agent broke down", "service");
    });
  }

  #hasWork(): boolean {
    const { state, form } = this.view;
    return state === "agent" && isUnanswered(this.view) && form === null && !this.#forms.isChecking;
  }

  #trouble(error: unknown): void {
    if (!this.#parts.signal.aborted)
      this.#parts.onTrouble(
        `conversation ${this.view.id}: ${error instanceof Error ? error.message : String(error)}`,
      );
  }
}
