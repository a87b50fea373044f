/**
 * @file The agent's turns in a conversation: one run for each of the customer's messages, and what follows from it. The
 * world's faults are not the agent's: a turn that broke before anything was sent is tried again.
 */

import { unseenNumbers } from "../evidence.ts";
import type { RunResult } from "../run.ts";
import type { ConversationLog } from "./conversation-log.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import type { Desk } from "./desk.ts";
import type { ConversationView } from "./events.ts";
import type { CustomerForms } from "./forms.ts";
import { OUR_FAULT } from "./forms.ts";
import { instructionOf } from "./instruction.ts";
import type { DecisionRecord } from "./summary.ts";
import { describeDone } from "./summary.ts";
import { readTurn } from "./turn.ts";

const SORRY = "I am sorry, I could not do that. Could you say it in another way?";

export interface TurnOptions {
  parts: ConversationParts;
  log: ConversationLog;
  desk: Desk;
  forms: CustomerForms;
  decisions: () => DecisionRecord[];
  handOver: (reason: string, by: string) => void;
  trouble: (error: unknown) => void;
}

type Result = Pick<RunResult, "outcome" | "reason" | "answer" | "unsupported" | "budgetSpent"> & {
  /** `null` if it broke before the run. */
  id: string | null;
  trajectory?: RunResult["trajectory"];
};

interface Turn {
  upTo: number;
  outcome: string;
  run: string | null;
}

export class AgentTurns {
  readonly #options: TurnOptions;

  constructor(options: TurnOptions) {
    this.#options = options;
  }

  get #view(): ConversationView {
    return this.#options.log.view;
  }

  /** Answers the customer's last message. */
  async take(signal: AbortSignal): Promise<void> {
    const { parts, log, desk, forms, handOver, trouble } = this.#options;
    const upTo = this.#view.messages.findLast(({ from }) => from === "customer")!.n;
    if (parts.policy.identity?.when === "first" && this.#view.customer === null) return forms.askIdentity();
    const before = this.#countGranted();
    for (let isAgain = false; ; isAgain = true) {
      const result = await this.#run(signal);
      if (signal.aborted || this.#view.state !== "agent") return;
      const turn: Turn = { upTo, outcome: result.outcome, run: result.id };
      if (desk.session?.signedOut) {
        log.append({ kind: "chat/turn", ...turn, failed: true });
        return handOver("the site has signed the agent out, and it cannot sign in again", "service");
      }
      // The next turns would fail as well.
      if (result.budgetSpent) {
        log.append({ kind: "chat/turn", ...turn, failed: true });
        return handOver(result.reason, "service");
      }
      if (result.outcome !== "faulted") return this.#finish(turn, result);
      trouble(new Error(result.reason));
      // Otherwise the effect of a request that was already sent would happen twice.
      if (this.#countGranted() > before) {
        log.append({ kind: "chat/turn", ...turn, failed: true });
        return handOver(`something was sent, and then it broke: ${result.reason}`, "service");
      }
      if (isAgain) return this.#finish(turn, result);
    }
  }

  /** Requests in this conversation that change something and were allowed. */
  #countGranted(): number {
    return this.#options.decisions().filter(({ decision, outcome }) => decision.granted && !outcome?.unused)
      .length;
  }

  async #run(signal: AbortSignal): Promise<Result> {
    const { parts, desk } = this.#options;
    const { steps, seconds } = parts.policy.limits;
    try {
      const session = await desk.open(signal);
      return await session.run(this.#instruction(), {
        limits: { maxSteps: steps, maxSeconds: seconds },
        signal,
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return {
        id: null,
        outcome: "faulted",
        reason,
        answer: null,
        unsupported: false,
        budgetSpent: false,
      };
    }
  }

  /** The outcome of a turn for the customer. */
  #finish(turn: Turn, result: Result): void {
    const { parts, log, desk, forms, handOver } = this.#options;
    const isKnown = this.#view.customer !== null;
    const end = readTurn(result, parts.policy, { wantsIdentity: desk.wantsIdentity, isKnown });
    switch (end.kind) {
      case "handover":
        log.append({ kind: "chat/turn", ...turn, failed: false });
        return handOver(end.reason, "agent");
      case "identify":
        return forms.askIdentity();
      case "ask":
        return forms.askQuestions(end.fields);
      case "nothing":
        return this.#fail({ ...turn, outcome: end.why }, end.isWorld ? OUR_FAULT : SORRY);
      case "say": {
        const unseen = this.#findUnseenNumbers(end.text, result);
        if (unseen.length > 0) {
          log.append({ kind: "chat/turn", ...turn, failed: true });
          const said = JSON.stringify(end.text);
          return handOver(`the agent wanted to say ${said}; it saw ${unseen.join(", ")} nowhere`, "service");
        }
        log.append({ kind: "chat/turn", ...turn, failed: result.outcome === "refused" });
        log.append({
          kind: "chat/message",
          from: "agent",
          text: end.text,
          ...(turn.run !== null && { run: turn.run }),
          ...(result.unsupported && { unsupported: true }),
        });
        this.#handOverIfStuck();
      }
    }
  }

  /** Numbers in the answer that come from nowhere: prices, dates and orders that a model makes up. */
  #findUnseenNumbers(text: string, { trajectory }: Result): string[] {
    const { policy } = this.#options.parts;
    if (!policy.handover.unseenNumbers || trajectory === undefined) return [];
    const { messages, customer, answers } = this.#view;
    const known = [
      policy.instructions,
      ...messages.map((message) => message.text),
      ...Object.values({ ...customer, ...answers }),
      ...describeDone(this.#options.decisions()),
    ];
    return unseenNumbers(text, trajectory, known);
  }

  #fail(turn: Turn, text: string): void {
    const { run } = turn;
    this.#options.log.append({ kind: "chat/turn", ...turn, failed: true });
    if (this.#isStuck()) return this.#handOverIfStuck();
    this.#options.log.append({ kind: "chat/message", from: "agent", text, ...(run !== null && { run }) });
  }

  #isStuck(): boolean {
    return this.#view.failures >= this.#options.parts.policy.handover.afterFailures;
  }

  #handOverIfStuck(): void {
    if (this.#isStuck())
      this.#options.handOver(`${this.#view.failures} turns in a row had no result`, "service");
  }

  #instruction(): string {
    const { policy, site } = this.#options.parts;
    return instructionOf({
      policy,
      site: site.description ?? site.name,
      messages: this.#view.messages,
      customer: this.#view.customer,
      answers: this.#view.answers,
      done: describeDone(this.#options.decisions()),
    });
  }
}
