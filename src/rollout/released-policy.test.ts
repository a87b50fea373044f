import { Hono } from "hono";
import { expect, test } from "vitest";
import { createOpenAIChat } from "../chat/chat-model.ts";
import { listen } from "../http/listen.ts";
import { fakeTasks } from "../testing/index.ts";
import { releasedPrompt } from "../text/released-prompt.ts";
import { releasedPolicy } from "./chat-policy.ts";

test("a released checkpoint's server is asked to complete its prompt, up to the end of the action", async () => {
  const bodies: Record<string, unknown>[] = [];
  const server = new Hono().post("/v1/completions", async (c) => {
    bodies.push(await c.req.json<Record<string, unknown>>());
    return c.json({
      choices: [{ text: 'do(action="Click", element="3")', finish_reason: "stop" }],
      usage: { prompt_tokens: 5, completion_tokens: 2 },
    });
  });
  await using listening = await listen(server.fetch, { port: 0 });
  const model = createOpenAIChat({
    baseUrl: `http://127.0.0.1:${listening.port}/v1`,
    model: "webrl",
    completeUntil: ["<|eot_id|>"],
  });
  const policy = releasedPolicy({ name: "released", model, maxNewTokens: 64, temperature: 0 });
  const [task] = fakeTasks();
  const observation = {
    format: "webrl",
    url: "",
    title: "",
    tabs: [],
    scroll: { top: 0, viewport: 1, page: 1 },
    focused: null,
    error: null,
    text: "<html> </html>",
    elements: [],
  } as const;
  const turn = { task: task!, observation: { ...observation, tabs: [], elements: [] }, history: [], seed: 1 };
  const choice = await policy.begin(task!, 1)(turn);
  expect(choice).toMatchObject({
    kind: "act",
    action: { action: { kind: "click", element: "3" } },
    usage: { promptTokens: 5 },
  });
  expect(bodies).toMatchObject([
    {
      prompt: releasedPrompt({ instruction: task!.instruction, history: [], observation: "<html> </html>" }),
      stop: ["<|eot_id|>"],
      max_tokens: 64,
      temperature: 0,
    },
  ]);
  expect(bodies[0]).not.toHaveProperty("messages");
});
