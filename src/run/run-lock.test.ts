import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { thisProcess } from "../core/process-owner.ts";
import { isLocked, lockRun } from "./run-lock.ts";

let run: string;
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), "webrl-lock-"));
});
afterEach(() => rm(run, { recursive: true, force: true }));

/** A number that was this process's once: another start. */
const dead = { pid: process.pid, host: hostname(), started: "1" };
const leave = (number: number, owner: unknown) =>
  writeFile(join(run, `lock-${number}.json`), typeof owner === "string" ? owner : JSON.stringify(owner));

describe("the lock of a run", () => {
  it("removes what was killed while it took the lock", async () => {
    await writeFile(join(run, ".lock-0123456789ab"), "");
    await writeFile(join(run, ".lock-ba9876543210"), JSON.stringify(dead));
    const release = await lockRun(run);
    expect(await readdir(run)).toEqual(["lock-1.json"]);
    await release();
  });

  it("is refused while its owner lives, and free once it is given back", async () => {
    const release = await lockRun(run);
    expect(await isLocked(run)).toBe(true);
    await expect(lockRun(run)).rejects.toThrow(`${run} is in use by process ${process.pid} on ${hostname()}`);
    await release();
    expect(await isLocked(run)).toBe(false);
    await (
      await lockRun(run)
    )();
  });

  it("of a dead owner goes to one of many that find it", async () => {
    for (let round = 0; round < 30; round++) {
      await leave(round * 10 + 1, dead);
      const tries = await Promise.allSettled(Array.from({ length: 12 }, () => lockRun(run)));
      const taken = tries.filter((result) => result.status === "fulfilled");
      expect(taken.length).toBe(1);
      await taken[0]!.value();
    }
    // One file: drafts and earlier locks are gone.
    expect((await readdir(run)).length).toBe(1);
  });

  it.each(["", "{", "null", "7", "{}", '{"pid":"1","host":"here"}'])(
    "that is damaged is free: %s",
    async (text) => {
      await leave(3, text);
      expect(await isLocked(run)).toBe(false);
      await (
        await lockRun(run)
      )();
    },
  );

  it("is not taken from a slow process by one that read an earlier number", async () => {
    await leave(7, thisProcess());
    await leave(2, dead);
    await expect(lockRun(run)).rejects.toThrow(/in use by process/);
  });

  it("of another host counts as long as it is touched", async () => {
    await leave(1, { pid: 1, host: "elsewhere", started: null });
    await expect(lockRun(run)).rejects.toThrow(/in use by process 1 on elsewhere/);
    const hourAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(run, "lock-1.json"), hourAgo, hourAgo);
    await (
      await lockRun(run)
    )();
  });
});
