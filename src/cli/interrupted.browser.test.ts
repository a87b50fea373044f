import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WEBRL } from "./testing/command.ts";
import { readJsonLines } from "../run/json-lines.ts";
import type { EventLine } from "../run/records.ts";
import { isLocked } from "../run/run-lock.ts";

let world: string;
beforeEach(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-interrupted-"));
});
afterEach(() => rm(world, { recursive: true, force: true }));

describe("a run that is asked to end while its episodes run", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "says how to go on, and leaves nothing: %s",
    async (signal) => {
      const run = join(world, "run");
      const set = ["phases=1", "tasks.perPhase=4", "tasks.initial=4", "evaluation.tasks=4"];
      const args = [...WEBRL, "train", "--run", run, ...set.flatMap((one) => ["--set", one])];
      const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
        const child = execFile(process.execPath, args, (_, __, stderr) =>
          resolve({ code: child.exitCode, stderr }),
        );
        const events = join(run, "events.jsonl");
        const waiting = setInterval(() => {
          if (!existsSync(events) || !readFileSync(events, "utf8").includes("episode_started")) return;
          clearInterval(waiting);
          child.kill(signal);
        }, 50);
        child.on("exit", () => clearInterval(waiting));
      });
      const { code, stderr } = await ended;
      expect(stderr).toContain(`Nothing is lost: continue with \`webrl resume ${run}\``);
      expect(code).toBe(130);
      const events = await readJsonLines<EventLine>(join(run, "events.jsonl"));
      expect(events.at(-1)).toMatchObject({ kind: "run_stopped" });
      expect(await isLocked(run)).toBe(false);
      expect(await readdir(run)).not.toContain("live");
    },
  );
});
