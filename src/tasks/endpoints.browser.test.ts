import { expect, it } from "vitest";
import { devToolsServer, playwrightServer } from "../browser/testing/servers.ts";
import { rolloutConfigSchema } from "../rollout/config.ts";
import { oraclePolicy } from "../rollout/oracle-policy.ts";
import { rollout } from "../rollout/rollout.ts";
import { builtInSuite } from "./built-in-suite.ts";

it("a browser elsewhere is killed in the middle of a rollout: its episodes are moved, none is lost or counts as failed", async () => {
  const [first, second, other] = await Promise.all([playwrightServer(), devToolsServer(), devToolsServer()]);
  const doomed = [first, second];
  const suite = builtInSuite();
  const tasks = suite
    .tasks({ split: "train", limit: 200 })
    .filter((task) => suite.hasOracle(task))
    .slice(0, 9);
  const trouble: string[] = [];
  const faults: string[] = [];
  let done = 0;
  await using site = await suite.createSite({
    browser: {
      endpoints: [
        { playwright: first.address, weight: 2 },
        { cdp: second.address, weight: 2 },
        { cdp: other.address },
      ],
      onTrouble: (message) => trouble.push(message),
    },
  });
  const records = await rollout({
    site,
    policy: oraclePolicy({ oracleFor: (task, first) => suite.oracleFor(task, first) }),
    requests: tasks.map((task, i) => ({ id: `e${i}`, task, seed: i })),
    // One fault that is counted would end the episode.
    config: rolloutConfigSchema.parse({
      parallel: 6,
      maxSteps: 40,
      repeatedAction: 20,
      repeatedError: 20,
      faultRetries: 0,
    }),
    onEpisode: () => {
      if (++done === 2) for (const { pid } of doomed) process.kill(pid, "SIGKILL");
    },
    onFault: ({ code }) => void faults.push(code),
  });
  expect(records.map((record) => record.truth?.success)).toEqual(tasks.map(() => true));
  expect(new Set(faults)).toEqual(new Set(["browser_lost"]));
  expect(records.flatMap((record) => record.faults)).toHaveLength(faults.length);
  expect(trouble.join("\n")).toContain(new URL(second.address).host);
  for (const server of [...doomed, other]) await server[Symbol.asyncDispose]();
}, 120_000);
