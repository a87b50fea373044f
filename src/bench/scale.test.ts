import { describe, expect, it } from "vitest";
import { benchScale } from "./scale.ts";
import { Resource, VirtualClock } from "./virtual-clock.ts";

describe("VirtualClock", () => {
  it("wakes in the order of time, and passes none in between", async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const wait = async (name: string, ms: number) => {
      await clock.sleep(ms);
      seen.push(`${name} ${clock.now()}`);
    };
    await clock.run(Promise.all([wait("b", 3_600_000), wait("a", 10), wait("c", 3_600_001)]));
    expect(seen).toEqual(["a 10", "b 3600000", "c 3600001"]);
  });
});

describe("Resource", () => {
  it("lets so many through in a second, each after its latency", async () => {
    const clock = new VirtualClock();
    const resource = new Resource(clock, 500, 2);
    const ends: number[] = [];
    await clock.run(Promise.all([0, 1, 2].map(async () => ends.push((await resource.pass(), clock.now())))));
    expect(ends).toEqual([500, 1000, 1500]);
    expect(resource.measureUse(1500)).toBe(1);
  });
});

describe("benchScale", () => {
  const options = {
    parallel: [4, 16],
    steps: 4,
    pageChars: 200,
    browserMs: 1000,
    browserPerSecond: 1000,
    modelMs: 1000,
    modelPerSecond: 4,
    faultRates: [0],
    seed: 1,
  };

  // Records are real files: virtual time goes on while one is written, so that runs differ a little.
  it("finds what ends first", { timeout: 600_000 }, async () => {
    const [few, many] = await benchScale(options);
    expect(few).toMatchObject({ parallel: 4, episodes: 64, steps: 256, faults: 0, bottleneck: "waiting" });
    // 64 episodes of one start and 4 steps of 2 s, 4 at once; at first they ask the model at the same time, which takes
    // 3/4 s more.
    expect(few!.seconds / ((64 / 4) * 9 + 0.75)).toBeCloseTo(1, 1);
    expect(many).toMatchObject({ bottleneck: "model" });
    expect(many!.stepsPerSecond).toBeCloseTo(4, 0);
  });

  it("counts what broken attempts cost", { timeout: 600_000 }, async () => {
    const runs = await benchScale({ ...options, parallel: [16], faultRates: [0, 0.2] });
    const [sound, broken] = runs;
    expect(broken!.faults).toBeGreaterThan(5);
    expect(broken!.steps).toBeGreaterThan(sound!.steps);
    expect(broken!.usefulStepsPerSecond).toBeLessThan(broken!.stepsPerSecond);
  });
});
