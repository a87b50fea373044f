/**
 * @file An agent on your own application, here the ticket desk of `own-site/`. Its definition starts it and signs in,
 * and a policy of your own takes the model's place. To use a model, pass `model: "runs/desk"`, the run that was trained
 * for it.
 *
 * Try it: `npx tsx examples/agent-own-site.ts`
 */

import { fileURLToPath } from "node:url";
import { createAgent } from "webrl/agent";
import type { Policy } from "webrl/agent";
import { parseAction } from "webrl";

/** Opens the ticket that the instruction names in quotes, and answers with the line that says who asked for it. */
const clerk: Policy = {
  name: "clerk",
  begin: (task) => {
    const title = /"(.+)"/.exec(task.instruction)?.[1] ?? "";
    return async ({ observation }) => {
      const requester = /Requester \| (.+)/.exec(observation.text)?.[1];
      const link = observation.elements.find(({ role, label }) => role === "link" && label === title);
      const response =
        requester !== undefined
          ? `exit(message=${JSON.stringify(requester)})`
          : link
            ? `do(action="Click", element=${JSON.stringify(link.name)})`
            : 'exit(message="N/A")';
      return { kind: "act", response, action: parseAction(response) };
    };
  },
};

/** `say` gets every line that is printed; `directory` is where the record goes, by default a new one in `runs/`. */
export async function askDesk(say: (line: string) => void, directory?: string): Promise<void> {
  const site = fileURLToPath(new URL("own-site/site.ts", import.meta.url));
  await using agent = await createAgent({ site, model: clerk, directory });
  for (const title of ["Projector flickers in room 4", "A ticket that there is not"]) {
    await agent.open("/");
    const { outcome, answer, evidence } = await agent.run(`Who asked for "${title}"?`);
    const seen = evidence[0]?.passages[0];
    say(`${title}: ${outcome}${outcome === "done" ? `, ${answer} (${seen?.text})` : ""}`);
  }
}

if (process.argv[1]?.endsWith("agent-own-site.ts")) await askDesk((line) => console.log(line));
