import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createFakeSite, fakeTasks } from "../testing/index.ts";
import type { TryTasksOptions } from "./evaluate-model.ts";
import { tryTasks } from "./evaluate-model.ts";
import { fakeEngine, makeFakeBase } from "./testing/fake-run.ts";

test("a file of episodes is continued with the settings that it was begun with, and with no others", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-tries-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const { base } = await makeFakeBase(directory, 3);
  const file = join(directory, "tries.jsonl");
  const rollout = { maxSteps: 5, maxNewTokens: 24 };
  let played = 0;
  const tries = (changes: Partial<TryTasksOptions> = {}) =>
    tryTasks({
      actor: { engine: fakeEngine(), model: base, template: "compact" },
      site: createFakeSite(),
      tasks: fakeTasks("train").slice(0, 2),
      settings: { observation: "compact" },
      rollout,
      file,
      onEpisode: () => void played++,
      ...changes,
    });
  await tries();
  await tries({ tasks: fakeTasks("train").slice(0, 3), rollout: { ...rollout, parallel: 2 } });
  expect(played).toBe(3);
  for (const [changes, says] of [
    [{ attempts: 4, temperature: 1 }, "temperature was 0, now it is 1"],
    [{ rollout: { ...rollout, maxSteps: 6 } }, "maxSteps was 5, now it is 6"],
    [{ settings: { observation: "webrl" } }, 'observation was "compact", now it is "webrl"'],
    [
      { actor: { engine: fakeEngine(), model: base, template: "paper" } },
      'template was "compact", now it is "paper"',
    ],
  ] as const)
    await expect(tries(changes)).rejects.toMatchObject({
      name: "ConfigError",
      message: `${file} holds episodes with other settings: ${says}`,
    });
  await rm(`${file}.settings.json`);
  await expect(tries()).rejects.toThrow("it is not known with which settings");
  expect(played).toBe(3);
  // A record without episodes binds nobody.
  await rm(file);
  await tries({ temperature: 1 });
  expect(existsSync(`${file}.settings.json`)).toBe(true);
});
