/** @file Makes the gate of an agent: its policy, whom it asks, and the audit log in its directory. */

import type { Approver } from "../safety/approval.ts";
import type { AuditLog } from "../safety/audit.ts";
import { openAudit } from "../safety/audit.ts";
import type { Gate } from "../safety/gate.ts";
import { openGate } from "../safety/gate.ts";
import { loadPolicy, parsePolicy } from "../safety/policy.ts";
import type { SafetySettings } from "../safety/policy.ts";

/** What the agent may do, and whom to ask. */
export interface SafetyOptions {
  /**
   * What the agent may do: a policy, or the path of a JSON file with one; see docs/agent.md. Default: it asks before
   * everything that cannot be undone.
   */
  safety?: SafetySettings | string | undefined;
  /** Asks a person. Default: there is nobody, so whatever needs an answer is refused. */
  approve?: Approver | undefined;
}

export interface Safety extends AsyncDisposable {
  readonly gate: Gate;
  readonly audit: AuditLog;
}

/**
 * `directory`: the agent's directory, which nobody else may be writing. Throws a `ConfigError` when the policy or the
 * audit log is invalid.
 */
export async function openSafety(
  { safety = {}, approve }: SafetyOptions,
  directory: string,
): Promise<Safety> {
  const policy = typeof safety === "string" ? await loadPolicy(safety) : parsePolicy(safety);
  const audit = await openAudit(directory);
  try {
    const gate = openGate({ policy, approver: approve, audit });
    return { gate, audit, [Symbol.asyncDispose]: () => audit[Symbol.asyncDispose]() };
  } catch (error) {
    await audit[Symbol.asyncDispose]();
    throw error;
  }
}
