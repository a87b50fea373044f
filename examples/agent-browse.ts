/**
 * @file An agent on a built-in site: questions one after another in the same browser, each with its answer and where it
 * was seen.
 *
 * Try it: `npx tsx examples/agent-browse.ts`
 */

import { createAgent } from "webrl/agent";

const QUESTIONS = ["What does the Alder desk lamp cost?", "What does the Oakhurst armchair cost?"];

/** `say` gets every line that is printed; `directory` is where the record goes, by default a new one in `runs/`. */
export async function browse(say: (line: string) => void, directory?: string): Promise<void> {
  await using agent = await createAgent({
    site: "storefront",
    model: "models/base",
    directory,
    limits: { maxSteps: 10, maxSeconds: 120 },
    onStep: (step) => say(`  ${step.response}`),
  });
  for (const question of QUESTIONS) {
    say(question);
    await agent.open("/");
    const { outcome, reason, answer, unsupported, evidence } = await agent.run(question);
    if (outcome !== "done") say(`${outcome}: ${reason}`);
    else
      say(
        unsupported ? `${answer}, which nothing that it saw says` : `${answer}, seen on ${evidence[0]?.url}`,
      );
  }
  say(`The record is in ${agent.directory}`);
}

if (process.argv[1]?.endsWith("agent-browse.ts")) await browse((line) => console.log(line));
