import { afterEach, describe, expect, it } from "vitest";
import { createOpenAIChat } from "../chat/chat-model.ts";
import { createMeter } from "../chat/meter.ts";
import { AT_ONCE, completion, fakeServer } from "../chat/testing/fake-server.ts";
import type { Answer, FakeRequest, FakeServer } from "../chat/testing/fake-server.ts";
import { BudgetSpent, ConfigError } from "../core/errors.ts";
import type { FaultCode } from "../core/errors.ts";
import { createFakeSite, fakeOracle, fakeTasks } from "../testing/index.ts";
import { printAction } from "../text/action.ts";
import { chatPolicy, readAction } from "./chat-policy.ts";
import { rolloutConfigSchema } from "./config.ts";
import type { EpisodeRecord } from "./episode.ts";
import { rollout } from "./rollout.ts";

const config = rolloutConfigSchema.parse({ maxSteps: 6, parallel: 2 });
const tasks = fakeTasks("test");
const servers: FakeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

/** What the oracle does in this turn, which the rounds before it tell; something else if only the server is tried. */
function oracleSays({ messages }: FakeRequest): string {
  const task = tasks.find(({ instruction }) => messages[0]!.content.endsWith(instruction));
  if (!task) return "Hello!";
  const turn = messages.filter(({ role }) => role === "assistant").length;
  return printAction(fakeOracle(task)[turn]!);
}

async function play(
  answer: Answer,
  over: { config?: object; budget?: object; onPause?: () => Promise<void>; now?: () => number } = {},
) {
  const server = await fakeServer(answer);
  servers.push(server);
  const faults: FaultCode[] = [];
  const outages: string[] = [];
  const done: EpisodeRecord[] = [];
  const model = createOpenAIChat({
    baseUrl: server.url,
    model: "m",
    retries: 0,
    maxPauseMs: 1,
    meter: createMeter(over.budget),
  });
  const work = rollout({
    site: createFakeSite(),
    policy: chatPolicy({ name: "openai:m", model, contextTokens: 8000, maxNewTokens: 256, temperature: 0 }),
    requests: tasks.map((task, i) => ({ id: `e${i}`, task, seed: i })),
    config: { ...config, ...over.config },
    onFault: ({ code }) => void faults.push(code),
    onOutage: (message) => void outages.push(message),
    onEpisode: (record) => void done.push(record),
    pause: over.onPause ?? (async () => {}),
    ...(over.now && { now: over.now }),
  });
  return { server, faults, outages, done, work };
}

describe("a model behind a server", () => {
  it("plays, and what its server took is in every step and episode", async () => {
    const { work, server } = await play((c, _, body) => c.json(completion(oracleSays(body))));
    for (const { truth, trajectory, usage } of await work) {
      expect(truth?.success).toBe(true);
      expect(trajectory.policy).toBe("openai:m");
      const turns = trajectory.steps.length;
      expect(trajectory.steps[0]!.usage).toMatchObject({ requests: 1, promptTokens: 100 });
      expect(usage).toEqual({
        requests: turns,
        promptTokens: 100 * turns,
        cachedTokens: 0,
        completionTokens: 10 * turns,
      });
    }
    expect(server.requests[0]!.messages.at(-1)!.content).toMatch(/^Round 0\n\n/);
    expect(server.requests[0]).toMatchObject({ max_tokens: 256, temperature: 0 });
  });

  it("learns that its reply is not an action, and goes on", async () => {
    const said = new Map<string, string[]>();
    const { work } = await play((c, _, body) => {
      const instruction = body.messages[0]!.content.split("The task: ").at(-1)!;
      const pages = [...(said.get(instruction) ?? []), body.messages.at(-1)!.content];
      said.set(instruction, pages);
      if (pages.length === 1) return c.json(completion("<think>exit(message='no')", { finish: "length" }));
      // The first round was lost with it.
      const rounds = body.messages.filter(({ role }) => role === "assistant");
      expect(rounds[0]!.content).toBe("(no text)");
      return c.json(
        completion(oracleSays({ ...body, messages: body.messages.filter((m) => m !== rounds[0]) })),
      );
    });
    for (const { truth, trajectory } of await work) {
      expect(truth?.success).toBe(true);
      expect(trajectory.steps[0]).toMatchObject({ response: "", action: { ok: false } });
      expect(trajectory.steps[1]!.observation.error?.message).toContain("cut off after 256 tokens");
    }
  });

  it("has its server waited for: what broke with it counts neither as a retry nor in the rate", async () => {
    let down = true;
    let pauses = 0;
    const { work, faults, outages } = await play(
      (c, _, body) => (down ? c.text("no", 503) : c.json(completion(oracleSays(body)))),
      {
        config: { faultRetries: 0, faultRateLimit: 0.1 },
        onPause: async () => {
          pauses += 1;
          down = pauses < 5;
        },
      },
    );
    for (const { truth, faults: before } of await work) {
      expect(truth?.success).toBe(true);
      for (const { code } of before) expect(code).toBe("model_server_failed");
    }
    expect(faults).toContain("model_server_failed");
    expect(outages).toHaveLength(4);
  });

  it("stops when its server stays down, and not before", async () => {
    let clock = 0;
    const { work } = await play((c) => c.html("<h1>Maintenance</h1>"), {
      config: { siteDownMinutes: 5 },
      now: () => clock,
      onPause: async () => void (clock += 60_000),
    });
    await expect(work).rejects.toMatchObject({
      code: "model_server_failed",
      retryable: false,
      message: expect.stringMatching(/^the server of openai:m has not answered for 5 minutes: .*not JSON/),
    });
  });

  it("is given up in one episode if the server fails only there, which is not the agent's failure", async () => {
    const bad = tasks[0]!.instruction;
    const { work } = await play(
      (c, _, body) =>
        body.messages[0]!.content.endsWith(bad)
          ? c.text("out of memory", 500)
          : c.json(completion(oracleSays(body))),
      { config: { faultRateLimit: 1, faultRetries: 1 } },
    );
    const records = await work;
    expect(records.map(({ trajectory }) => trajectory.ending.kind)).toEqual([
      "faulted",
      "terminated",
      "terminated",
      "terminated",
    ]);
    expect(records[0]!.truth).toBeNull();
  });

  it.each([
    [401, "OPENAI_API_KEY"],
    [404, "/v1"],
  ] as const)("ends at once where the server answers %d", async (status, hint) => {
    const { work, server } = await play((c) => c.json({ error: { message: "no" } }, status, AT_ONCE));
    await expect(work).rejects.toBeInstanceOf(ConfigError);
    await expect(work).rejects.toMatchObject({ hint: expect.stringContaining(hint) });
    expect(server.requests.length).toBeLessThanOrEqual(2);
  });

  it("ends when the budget is used up, and keeps the episodes that are done", async () => {
    const { work, done, server } = await play((c, _, body) => c.json(completion(oracleSays(body))), {
      config: { parallel: 1 },
      budget: { requests: fakeOracle(tasks[0]!).length + 1 },
    });
    await expect(work).rejects.toBeInstanceOf(BudgetSpent);
    expect(done.map(({ id }) => id)).toEqual(["e0"]);
    expect(server.requests).toHaveLength(fakeOracle(tasks[0]!).length + 1);
  });

  it("has all the time that its server takes: an episode is never cut for it", async () => {
    const model = {
      name: "slow",
      chat: async ({ messages }: { messages: readonly { role: string; content: string }[] }) => {
        await new Promise((resolve) => setTimeout(resolve, 60));
        return { text: oracleSays({ model: "", messages: [...messages] }), stop: "stop" as const };
      },
    };
    const records = await rollout({
      site: createFakeSite(),
      policy: chatPolicy({ name: "slow", model, contextTokens: 8000, maxNewTokens: 256, temperature: 0 }),
      requests: tasks.map((task, i) => ({ id: `e${i}`, task, seed: i })),
      config: { ...config, maxTimeMs: 50 },
    });
    expect(records.map(({ trajectory }) => trajectory.ending.kind)).toEqual(Array(4).fill("terminated"));
  });
});

describe("the action that a reply means", () => {
  const read = (text: string, stop: "stop" | "length" | "tool_call" | "refusal" = "stop") => {
    const parsed = readAction({ text, stop }, 64);
    return parsed.ok ? printAction(parsed.action) : parsed.error.message;
  };

  it("is read of a reply that was cut off only where it is comments and a whole call", () => {
    expect(read("# Note: x\ngo_backward()\n# Now I will", "length")).toBe("go_backward()");
    expect(read('```python\ndo(action="Wait")\n', "length")).toBe('do(action="Wait")');
    expect(read("Perhaps so:\ngo_backward()", "length")).toContain("cut off after 64 tokens");
    expect(read('exit(message="The price is', "length")).toContain("cut off after 64 tokens");
    expect(read("Perhaps so:\ngo_backward()")).toBe("go_backward()");
  });

  it("is missing if there is no text, and the model learns why", () => {
    expect(read("", "tool_call")).toContain("you called a tool");
    expect(read("")).toContain("no text beside thoughts");
    expect(read("I cannot help with that.", "refusal")).toContain("no action found");
  });

  it("is looked for in linear time", () => {
    expect(read(`${"\n".repeat(50_000)}x`, "length")).toContain("cut off");
  });
});
