/** @file What all conversations of a service share, and how a conversation refuses a request. */

import { createHash } from "node:crypto";
import type { AuditSink } from "../../safety/gate.ts";
import type { AgentModel } from "../model.ts";
import type { AgentSite } from "../site.ts";
import type { Values } from "./fields.ts";
import type { limitGuesses, VerifyCustomer } from "./identify.ts";
import type { ServicePolicy } from "./policy.ts";
import type { Turns } from "./turns.ts";

export interface ConversationParts {
  policy: ServicePolicy;
  site: AgentSite;
  model: AgentModel;
  /** The site's start; patterns without a host mean its host. */
  home: URL;
  verify: VerifyCustomer | null;
  guesses: ReturnType<typeof limitGuesses>;
  /** What was granted per day, over all conversations. */
  sumSpent: AuditSink["sumSpent"];
  /** The conversations in which the agent is working. */
  turns: Turns;
  /** Called with trouble that a person should know about. */
  onTrouble(message: string): void;
  /** Aborted when the service ends. */
  signal: AbortSignal;
}

/** Thrown when a request does not fit the conversation's state. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: 400 | 409 | 410 | 413 | 429;
  /** What is wrong, by field. */
  readonly fields: Values | undefined;

  constructor(status: Refused["status"], message: string, fields?: Values) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

export const hashToken = (token: string): string => createHash("sha256").update(token).digest("hex");
