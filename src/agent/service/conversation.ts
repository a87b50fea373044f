/**
 * @file One conversation: what customer, agent and person say and do, one line of its journal each. The agent's turns, the
 * check of who the customer is, questions, confirmations, approvals and handing over are decided here, by the policy and by
 * what the gate says; the model is asked for one thing, what to do and say in a turn.
 *
 *     message ─► turn ─► say ─────────────► customer
 *                 ├────► /identify, /ask ─► form ─► checked by the runtime ─► turn
 *                 ├────► /handover, stuck ► waiting ─► person ─► give back ─► turn
 *                 └ gate ► confirm (customer) ─► approve (person) ─► the request leaves
 */

import { randomBytes } from "node:crypto";
import { invariant } from "../../core/errors.ts";
import type { ApprovalQueue } from "../../safety/approval.ts";
import type { AuditLog } from "../../safety/audit.ts";
import { verifyAudit } from "../../safety/audit.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AgentRecord } from "../record.ts";
import type { RunResult } from "../run.ts";
import type { Commitments } from "./commitments.ts";
import { openCommitments } from "./commitments.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { hashToken, Refused } from "./conversation-parts.ts";
import { Desk } from "./desk.ts";
import type { ChatEvent, ConversationState, ConversationView, NewChatEvent } from "./events.ts";
import { applyEvent, CHAT_FORMAT, chatEventsOf, emptyView, isUnanswered } from "./events.ts";
import type { Field, Values } from "./fields.ts";
import { checkValues, readValues } from "./fields.ts";
import { instructionOf, readSaid } from "./instruction.ts";
import { decisionsOf, doneOf, summarize, unknownOf } from "./summary.ts";

const SORRY = "I am sorry, I could not do that. Could you say it in another way?";
const OUR_FAULT = "I am sorry, something on our side does not work just now. Please try again in a moment.";
const INTERRUPTED = "I was interrupted, and go on now.";

export class Conversation implements AsyncDisposable {
  readonly #parts: ConversationParts;
  readonly #record: AgentRecord;
  readonly #audit: AuditLog;
  readonly #commitments: Commitments;
  readonly #desk: Desk;
  readonly #events: ChatEvent[] = [];
  readonly #listeners = new Set<(event: ChatEvent) => void>();
  readonly #sent: number[] = [];
  readonly view: ConversationView = emptyView();
  /** Ends the turn that is going on: a person takes over, or the conversation is over. */
  #turn: AbortController | null = null;
  #work: Promise<void> = Promise.resolve();
  #isWorking = false;
  /** Whether what the customer said of themselves is true. */
  #isChecking = false;
  #disposed = false;

  constructor(parts: ConversationParts, record: AgentRecord, audit: AuditLog) {
    this.#parts = parts;
    this.#record = record;
    this.#audit = audit;
    this.#commitments = openCommitments({
      policy: parts.policy,
      audit: { append: (entry) => audit.append(entry), spentOn: parts.spentOn },
      append: (event) => this.#append(event),
      isServing: () => this.view.state === "agent",
      whileWaiting: (body) => parts.turns.leave(body),
    });
    this.#desk = new Desk(parts, record, this.#commitments);
    for (const event of chatEventsOf(record.journal.earlier)) {
      this.#events.push(event);
      applyEvent(this.view, event);
    }
    this.#desk.customer = this.view.customer;
  }

  /** A conversation that begins; `token` is the customer's, who has the only copy. */
  begin(id: string, origin: string | null): string {
    invariant(this.view.n === 0, "a conversation begins once");
    const token = randomBytes(24).toString("base64url");
    this.#append({ kind: "chat/opened", format: CHAT_FORMAT, id, token: hashToken(token), origin });
    this.#append({ kind: "chat/message", from: "agent", text: this.#parts.policy.greeting });
    this.#commitments.beginRun(id);
    return token;
  }

  /** Goes on after the process was ended, wherever that was. */
  resume(): void {
    this.#commitments.beginRun(this.view.id);
    if (this.view.confirm)
      this.#append({
        kind: "chat/confirmed",
        question: this.view.confirm.question,
        yes: false,
        by: "nobody: the service was ended",
      });
    if (this.view.state !== "agent" || !isUnanswered(this.view)) return;
    const unknown = unknownOf(this.#decisions());
    if (unknown.length > 0)
      return this.#handOver(
        "the service was ended in the middle, and it is not known what came of something that was sent",
        "service",
      );
    if (this.view.form) return;
    this.#append({ kind: "chat/message", from: "system", text: INTERRUPTED });
    this.#start();
  }

  get id(): string {
    return this.view.id;
  }

  get isAtWork(): boolean {
    return this.#isWorking;
  }

  /** Questions of the gate that wait for a person of the shop. */
  get approvals(): ApprovalQueue {
    return this.#commitments.approvals;
  }

  get directory(): string {
    return this.#record.directory;
  }

  get hasBrowser(): boolean {
    return this.#desk.session !== null;
  }

  /** Events after the one numbered `after`, then those to come; the result ends that. */
  listen(after: number, listener: (event: ChatEvent) => void): () => void {
    for (const event of this.#events) if (event.n > after) listener(event);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What a customer writes. A `key` that was there before is the same message, sent again. */
  receive(text: string, key?: string): void {
    this.#assertOpen();
    const { limits, handover } = this.#parts.policy;
    if (key !== undefined && this.#events.some((event) => event.kind === "chat/message" && event.key === key))
      return;
    const message = text.normalize("NFC").trim();
    if (message === "") throw new Refused(400, "the message is empty");
    if (message.length > limits.characters)
      throw new Refused(413, `a message has at most ${limits.characters} characters`);
    if (this.view.messages.filter(({ from }) => from === "customer").length >= limits.messages)
      throw new Refused(429, "this conversation has too many messages; please begin a new one");
    this.#limitRate();
    this.#append({
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
    if (this.view.form) return this.#answerByWords(message);
    this.#start();
  }

  /** What a customer fills in. */
  answer(form: string, given: Readonly<Record<string, unknown>>): void {
    this.#assertOpen();
    const open = this.view.form;
    if (open?.form !== form) throw new Refused(409, "this question is not open any more");
    this.#limitRate();
    const { values, errors } = checkValues(open.fields, given);
    if (Object.keys(errors).length > 0) throw new Refused(400, Object.values(errors).join(" "), errors);
    this.#takeAnswers(values);
  }

  /** The customer's yes or no to what the agent is about to do. */
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
    this.#append({ kind: "chat/message", from: "person", text: text.trim(), by });
  }

  giveBack(by: string): void {
    this.#assertOpen();
    if (this.view.state === "agent") return;
    this.#setState("agent", by, `${by} gave it back`);
    if (isUnanswered(this.view)) this.#start();
  }

  /** Lets the agent do something for the person who has taken over, within the same policy. What came of it is a note. */
  instruct(text: string, by: string): void {
    this.#assertOpen();
    if (text.trim() === "") throw new Refused(400, "the instruction is empty");
    this.takeOver(by);
    this.#append({ kind: "chat/note", by, text: `Asked the agent: ${text.trim()}` });
    const note = (said: string) => this.#append({ kind: "chat/note", by: "agent", text: said });
    this.#queue(async (signal) => {
      const session = await this.#desk.open(signal);
      const result = await session.run(text.trim(), { signal });
      note(`${result.outcome}: ${result.answer ?? result.reason}`);
    }).catch((error: unknown) => note(`It could not be done: ${(error as Error).message}`));
  }

  close(by: string, reason: string): void {
    if (this.view.state === "closed") return;
    this.#setState("closed", by, reason);
    // Whoever waits for it may go: what is under way ends by itself.
    this.#desk.leave().catch((error: unknown) => this.#trouble(error));
  }

  /** The page as the agent sees it; `null` where no browser is open. */
  async picture(): Promise<Uint8Array | null> {
    return this.#desk.session === null ? null : this.#desk.session.screenshot();
  }

  get pageUrl(): string | null {
    return this.#desk.session?.page.url ?? null;
  }

  /** Closes what nobody has used for long. */
  tidy(now = Date.now()): void {
    const { limits } = this.#parts.policy;
    if (this.view.state === "closed") return;
    if (!this.#isWorking && this.#desk.session && now - this.#desk.usedAt > limits.browserIdleSeconds * 1000)
      this.#desk.leave().catch((error: unknown) => this.#trouble(error));
    const isIdle = now - Date.parse(this.view.lastAt) > limits.idleMinutes * 60_000;
    if (isIdle && !this.#isWorking && this.view.state === "agent") {
      this.#append({
        kind: "chat/message",
        from: "system",
        text: "This conversation was closed because nobody wrote any more.",
      });
      this.close("service", "nobody wrote any more");
    }
  }

  /** For the page of operators: decisions of the gate with what came of them. */
  decisions(): ReturnType<typeof decisionsOf> {
    return this.#decisions();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#turn?.abort(new Error("the service ends"));
    await this.#work;
    try {
      await this.#desk.leave();
    } finally {
      await this.#audit[Symbol.asyncDispose]();
      await this.#record[Symbol.asyncDispose]();
    }
  }

  #append(event: NewChatEvent): void {
    const numbered = { ...event, n: this.view.n + 1 };
    this.#record.journal.append(numbered);
    const full = { ...numbered, time: new Date().toISOString() } as ChatEvent;
    this.#events.push(full);
    applyEvent(this.view, full);
    for (const listener of this.#listeners) listener(full);
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
    this.#append({ kind: "chat/state", state, by, reason, ...(summary !== undefined && { summary }) });
    if (state !== "agent") {
      this.#turn?.abort(new Error(reason));
      this.#commitments.drop(reason);
    }
  }

  #handOver(reason: string, by: string): void {
    if (this.view.state !== "agent") return;
    this.#setState("waiting", by, reason, summarize(this.view, this.#decisions(), reason));
    this.#append({ kind: "chat/message", from: "system", text: this.#parts.policy.handover.message });
  }

  /** Lets the agent work until nothing is left to be answered; one loop at a time. */
  #start(): void {
    if (this.#isWorking || this.#disposed || this.#parts.signal.aborted) return;
    this.#queue(async (signal) => {
      while (!signal.aborted && this.#hasWork()) await this.#takeTurn(signal);
    }).catch((error: unknown) => {
      this.#trouble(error);
      this.#handOver("the agent broke down", "service");
    });
  }

  #hasWork(): boolean {
    return (
      this.view.state === "agent" && isUnanswered(this.view) && this.view.form === null && !this.#isChecking
    );
  }

  /** Does one thing after the other; what has come up in the meantime is done then. */
  #queue<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const turn = new AbortController();
    const before = this.#work;
    this.#turn = turn;
    this.#isWorking = true;
    const { turns, signal: ending } = this.#parts;
    const done = before.then(() => turns.take(() => body(AbortSignal.any([turn.signal, ending]))));
    const end = () => {
      this.#desk.usedAt = Date.now();
      if (this.#turn !== turn) return;
      this.#turn = null;
      this.#isWorking = false;
      if (this.#hasWork()) this.#start();
    };
    this.#work = done.then(end, end);
    return done;
  }

  async #takeTurn(signal: AbortSignal): Promise<void> {
    const { policy } = this.#parts;
    const upTo = this.view.messages.findLast(({ from }) => from === "customer")!.n;
    if (policy.identity?.when === "first" && this.view.customer === null) return this.#askIdentity();
    let result: RunResult;
    try {
      const session = await this.#desk.open(signal);
      result = await session.run(this.#instruction(), {
        limits: { maxSteps: policy.limits.steps, maxSeconds: policy.limits.seconds },
        signal,
      });
    } catch (error) {
      if (signal.aborted) return;
      this.#trouble(error);
      return this.#fail(upTo, "faulted", null, OUR_FAULT);
    }
    if (signal.aborted || this.view.state !== "agent") return;
    if (this.#desk.session?.signedOut) {
      this.#append({ kind: "chat/turn", upTo, outcome: result.outcome, failed: true, run: result.id });
      return this.#handOver("the site has signed the agent out, and it cannot sign in again", "service");
    }
    this.#finish(upTo, result);
  }

  /** What a turn has come to, for the customer. */
  #finish(upTo: number, result: RunResult): void {
    const { policy } = this.#parts;
    const wantsIdentity =
      this.#desk.wantsIdentity && this.view.customer === null && policy.identity !== undefined;
    const said = readSaid(result.answer ?? "", policy);
    const isSaid = result.outcome === "done" || result.outcome === "gave up" || result.outcome === "refused";
    if (isSaid && said.kind === "handover") {
      this.#append({ kind: "chat/turn", upTo, outcome: result.outcome, failed: false, run: result.id });
      return this.#handOver(said.reason, "agent");
    }
    // A page of customers was asked for: whatever the model made of the refusal, the customer is asked who they are.
    if (wantsIdentity || (isSaid && said.kind === "identify" && this.view.customer === null))
      return this.#askIdentity();
    if (isSaid && said.kind === "ask")
      return this.#ask(
        "question",
        policy.questions.filter(({ name }) => said.names.includes(name)),
      );
    if (result.outcome === "faulted") return this.#fail(upTo, result.outcome, result.id, OUR_FAULT);
    if (!isSaid || said.kind !== "say" || result.outcome === "gave up")
      return this.#fail(upTo, said.kind === "nothing" ? said.why : result.reason, result.id, SORRY);
    this.#append({
      kind: "chat/turn",
      upTo,
      outcome: result.outcome,
      failed: result.outcome === "refused",
      run: result.id,
    });
    this.#append({
      kind: "chat/message",
      from: "agent",
      text: said.text,
      run: result.id,
      ...(result.unsupported && { unsupported: true }),
    });
    this.#handOverIfStuck();
  }

  #fail(upTo: number, outcome: string, run: string | null, text: string): void {
    this.#append({ kind: "chat/turn", upTo, outcome, failed: true, run });
    if (this.#isStuck()) return this.#handOverIfStuck();
    this.#append({ kind: "chat/message", from: "agent", text, ...(run !== null && { run }) });
  }

  #isStuck(): boolean {
    return this.view.failures >= this.#parts.policy.handover.afterFailures;
  }

  #handOverIfStuck(): void {
    if (this.#isStuck()) this.#handOver(`${this.view.failures} turns in a row came to nothing`, "service");
  }

  #instruction(): string {
    const { policy, site } = this.#parts;
    return instructionOf({
      policy,
      site: site.description ?? site.name,
      messages: this.view.messages,
      customer: this.view.customer,
      answers: this.view.answers,
      done: doneOf(this.#decisions()),
    });
  }

  #decisions() {
    const { directory } = this.#record;
    return existsSync(join(directory, "audit.jsonl")) ? decisionsOf(verifyAudit(directory).lines) : [];
  }

  #askIdentity(): void {
    this.#ask("identity", this.#parts.policy.identity!.ask);
  }

  #ask(purpose: "identity" | "question", fields: Field[]): void {
    this.#append({ kind: "chat/asked", form: randomBytes(6).toString("hex"), purpose, fields });
  }

  #answerByWords(message: string): void {
    const { fields } = this.view.form!;
    const { values, errors } = checkValues(fields, readValues(fields, message));
    if (Object.keys(errors).length === 0) return this.#takeAnswers(values);
    this.#append({
      kind: "chat/message",
      from: "system",
      text: `Please fill in what is asked above. ${Object.values(errors).join(" ")}`,
    });
  }

  #takeAnswers(values: Values): void {
    const { form, purpose } = this.view.form!;
    // Who somebody says they are is kept only where it is true.
    this.#append({ kind: "chat/answered", form, values: purpose === "question" ? values : {} });
    if (purpose === "question") return this.#start();
    this.#isChecking = true;
    this.#queue((signal) => this.#check(values, signal).finally(() => (this.#isChecking = false))).catch(
      (error: unknown) => {
        if (this.#disposed || this.view.state !== "agent") return;
        this.#trouble(error);
        this.#append({ kind: "chat/message", from: "system", text: OUR_FAULT });
        this.#askIdentity();
      },
    );
  }

  async #check(values: Values, signal: AbortSignal): Promise<void> {
    const { policy, verify, guesses } = this.#parts;
    const { attempts } = policy.identity!;
    const customer = guesses.isLimited(values) ? null : await verify!(values, signal);
    if (signal.aborted || this.view.state !== "agent") return;
    if (customer !== null) {
      this.#append({ kind: "chat/checked", known: true, customer, reason: null });
      this.#desk.customer = customer;
      return;
    }
    guesses.fail(values);
    this.#append({
      kind: "chat/checked",
      known: false,
      customer: null,
      reason: "what was given does not belong together",
    });
    if (this.view.attempts >= attempts)
      return this.#handOver(`who the customer is could not be checked in ${attempts} attempts`, "service");
    this.#append({
      kind: "chat/message",
      from: "system",
      text: "These do not belong together. Please check them and try again.",
    });
    this.#askIdentity();
  }

  #trouble(error: unknown): void {
    if (!this.#parts.signal.aborted)
      this.#parts.onTrouble(
        `conversation ${this.view.id}: ${error instanceof Error ? error.message : String(error)}`,
      );
  }
}
