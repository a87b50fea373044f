/** @file What all conversations of a service share, and how one refuses what does not fit it. */

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
  /** Where the site begins: its host is that of patterns without one. */
  home: URL;
  verify: VerifyCustomer | null;
  guesses: ReturnType<typeof limitGuesses>;
  /** What was granted on a day, over all conversations. */
  spentOn: AuditSink["spentOn"];
  /** Those in which the agent is at work at one time. */
  turns: Turns;
  /** Told of trouble that a person should know of. */
  onTrouble(message: string): void;
  /** Ends with the service. */
  signal: AbortSignal;
}

/** What was sent does not fit the state of the conversation. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: 400 | 409 | 410 | 413 | 429;
  /** What is wrong with which field. */
  readonly fields: Values | undefined;

  constructor(status: Refused["status"], message: string, fields?: Values) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

export const hashToken = (token: string): string => createHash("sha256").update(token).digest("hex");
