import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Fault } from "../core/errors.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { createContext } from "../train/context.ts";
import { readJsonLines } from "./json-lines.ts";
import { openLivePictures } from "./live-pictures.ts";
import { train } from "../train/loop.ts";
import { createRun } from "./run-directory.ts";
import { runInfo } from "./run-info.ts";
import { fakeConfig, fakeParts, makeFakeBase } from "../train/testing/fake-run.ts";

const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 1);
let world: string;
beforeAll(async () => void (world = await mkdtemp(join(tmpdir(), "webrl-live-"))));
afterAll(() => rm(world, { recursive: true, force: true }));

async function open(name: string, takingMs = 10) {
  const directory = join(world, name);
  await mkdir(directory, { recursive: true });
  const clock = { ms: 0 };
  const troubles: string[] = [];
  const live = await openLivePictures(directory, {
    parallel: 5,
    onTrouble: (message) => void troubles.push(message),
    now: () => clock.ms,
  });
  let taken = 0;
  const take = async () => {
    taken++;
    clock.ms += takingMs;
    return JPEG;
  };
  const names = () => readdir(join(directory, "live")).then((all) => all.sort());
  return { directory, live, clock, troubles, take, names, taken: () => taken };
}

describe("live pictures", () => {
  it("are one file an episode, replaced as it goes on and removed when it ends", async () => {
    const { live, clock, take, names } = await open("replaced");
    await live.offer("phase-01/0003", 0, take);
    expect(await names()).toEqual(["phase-01-0003.0.jpg"]);
    clock.ms = 2000;
    await live.offer("phase-01/0003", 4, take);
    clock.ms = 4000;
    await live.offer("phase-01/0004", 1, take);
    expect(await names()).toEqual(["phase-01-0003.4.jpg", "phase-01-0004.1.jpg"]);
    await live.end("phase-01/0003");
    expect(await names()).toEqual(["phase-01-0004.1.jpg"]);
    await live[Symbol.asyncDispose]();
    await expect(names()).rejects.toThrow("ENOENT");
  });

  it("are taken every two seconds over all episodes, and more rarely where taking one is slow", async () => {
    const fast = await open("fast", 10);
    for (let ms = 0; ms < 10_000; ms += 100) {
      fast.clock.ms = ms;
      await fast.live.offer(`e${(ms / 100) % 6}`, 0, fast.take);
    }
    expect(fast.taken()).toBe(5);
    // 1 s is 2% of the 50 s that five episodes have in 10 s.
    const slow = await open("slow", 1000);
    for (let ms = 0; ms < 30_000; ms += 100) {
      slow.clock.ms = ms;
      await slow.live.offer("e", 0, slow.take);
    }
    expect(slow.taken()).toBe(3);
  });

  it("are one at a time", async () => {
    const { live, taken, take } = await open("one", 0);
    await Promise.all([live.offer("a", 0, take), live.offer("b", 0, take), live.offer("c", 0, take)]);
    expect(taken()).toBe(1);
  });

  it("do not break an episode whose page cannot be shown, and hide no bug", async () => {
    const { live, clock, troubles, take, names } = await open("faults");
    await live.offer("e", 0, () => Promise.reject(new Fault("page_crashed", "gone", { retryable: true })));
    expect(troubles).toEqual([]);
    clock.ms = 60_000;
    await live.offer("e", 1, take);
    expect(await names()).toEqual(["e.1.jpg"]);
    clock.ms = 120_000;
    await expect(live.offer("e", 2, () => Promise.reject(new TypeError("bug")))).rejects.toThrow("bug");
  });

  it("end with one warning where they cannot be written", async () => {
    const { directory, live, clock, troubles, take, taken } = await open("unwritable");
    await rm(join(directory, "live"), { recursive: true });
    await live.offer("e", 0, take);
    clock.ms = 60_000;
    await live.offer("e", 1, take);
    await live.show("e", 2, JPEG);
    expect(taken()).toBe(1);
    expect(troubles).toEqual([expect.stringContaining("ENOENT")]);
  });

  it("of a process that was killed are gone when the next one begins", async () => {
    const directory = join(world, "killed");
    await mkdir(join(directory, "live"), { recursive: true });
    await writeFile(join(directory, "live", "phase-01-0001.3.jpg"), JPEG);
    const { names } = await open("killed");
    expect(await names()).toEqual([]);
  });
});

describe("a run", () => {
  let fakes: Awaited<ReturnType<typeof makeFakeBase>>;
  beforeAll(async () => void (fakes = await makeFakeBase(world)));

  for (const screenshots of ["none", "all"] as const)
    it(`shows episodes in flight and leaves no live picture behind, keeping ${screenshots}`, async () => {
      const path = join(world, `run-${screenshots}`);
      const seen = new Set<string>();
      const config = fakeConfig(fakes.base, {
        phases: 1,
        rollout: { parallel: 3, maxSteps: 5, maxNewTokens: 24, screenshots },
      });
      await using run = await createRun(path, runInfo(config), (event) => {
        if (event.kind === "episode")
          for (const name of readdirSync(join(path, "live"))) seen.add(name.replace(/\.\d+\.png$/, ""));
      });
      await train(createContext(run, fakeParts(fakes.demonstrations)));
      expect([...seen]).toContainEqual(expect.stringMatching(/^evaluation-00-000\d$/));
      expect([...seen]).toContainEqual(expect.stringMatching(/^phase-01-000\d$/));
      expect(existsSync(join(path, "live"))).toBe(false);
      const records = await readJsonLines<EpisodeRecord>(join(path, "phases/01/trajectories.jsonl"));
      for (const { trajectory } of records)
        for (const step of trajectory.steps)
          if (screenshots === "none") expect(step.screenshot).toBeUndefined();
          else expect((await readFile(join(path, step.screenshot!)))[0]).toBe(0x89);
    });
});
