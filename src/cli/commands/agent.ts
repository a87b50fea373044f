/**
 * @file `webrl agent …`: puts an agent, trained here or not, to work. Each use is a file `agent-USE.ts`, registered
 * here.
 */

import type { Register } from "../command.ts";
import { registerBatch } from "./agent-batch.ts";
import { registerChat } from "./agent-chat.ts";
import { registerExtract } from "./agent-extract.ts";
import { registerJudge } from "./agent-judge.ts";
import { registerMcp } from "./agent-mcp.ts";
import { registerRepeat } from "./agent-repeat.ts";
import { registerRun } from "./agent-run.ts";
import { registerSafety } from "./agent-safety.ts";

export const register: Register = (program) => {
  const agent = program.command("agent").description("Put an agent to work on a site: browse, answer, act.");
  registerRun(agent);
  registerBatch(agent);
  registerRepeat(agent);
  registerExtract(agent);
  registerJudge(agent);
  registerChat(agent);
  registerMcp(agent);
  registerSafety(agent);
};
