/** @file `webrl agent policy check` and `webrl agent audit verify|show`. */

import type { Command } from "commander";
import { examples, jsonOption, print, table } from "../command.ts";

export function registerSafety(agent: Command): void {
  const policy = agent.command("policy").description("Policies: what an agent may do.");
  const check = jsonOption(
    policy
      .command("check")
      .argument("<file>", "a policy, as JSON")
      .description("Check a policy and show what it says."),
  );
  examples(check, ["webrl agent policy check policy.json"]);
  check.action(async (file: string, options: { json?: boolean }) => {
    const { loadPolicy, EFFECTS } = await import("../../safety/policy.ts");
    const loaded = await loadPolicy(file);
    print(options, { ok: true, policy: loaded }, () => {
      const rows = EFFECTS.map((effect) => {
        const rules = loaded.rules.filter((rule) => !rule.effects || rule.effects.includes(effect));
        return [
          effect,
          loaded.effects[effect],
          rules.map((rule) => `${rule.name}: ${rule.verdict}`).join(", "),
        ];
      });
      const limits = JSON.stringify(loaded.limits);
      return `${table(["effect", "verdict", "rules before it"], rows)}\n\nlimits  ${limits}\n${file} is valid.`;
    });
  });

  const audit = agent.command("audit").description("Show and verify what was decided, and by whom.");
  const verify = jsonOption(
    audit
      .command("verify")
      .argument("<directory>", "the agent's directory")
      .option("--hash <hash>", "a hash that you kept elsewhere; it must be in the log")
      .description("Check that no line of the audit log was changed, moved or removed."),
  );
  examples(verify, ["webrl agent audit verify runs/agent-20260101"]);
  verify.action(async (directory: string, options: { json?: boolean; hash?: string }) => {
    const { verifyAudit } = await import("../../safety/audit.ts");
    const { lines, hash, problems, torn } = verifyAudit(directory, options.hash);
    print(options, { ok: problems.length === 0, lines: lines.length, hash, torn, problems }, () =>
      [
        ...problems,
        ...(torn ? ["the last line is incomplete; the next process cuts it off"] : []),
        problems.length === 0 ? `${lines.length} lines, intact. Last hash: ${hash}` : `The log is damaged.`,
      ].join("\n"),
    );
    if (problems.length > 0) process.exitCode = 1;
  });

  const show = audit
    .command("show")
    .argument("<directory>", "the agent's directory")
    .option("--refused", "only what was refused")
    .description("Print the audit log in words.");
  show.action(async (directory: string, options: { refused?: boolean }) => {
    const { describeAudit, verifyAudit } = await import("../../safety/audit.ts");
    const { lines, problems } = verifyAudit(directory);
    if (lines.length === 0) console.error("the log is empty: nothing had to be decided");
    for (const line of lines)
      if (!options.refused || (line.kind === "decision" && !line.granted)) console.log(describeAudit(line));
    for (const problem of problems) console.error(problem);
    if (problems.length > 0) process.exitCode = 1;
  });
}
