import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserInfo, launchBrowser } from "../browser/launch.ts";
import type { NetworkRecord } from "./testing/record-network.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Whether this machine lets us make a network namespace (Linux with `unshare` and `ip`, and a kernel that allows it).
 */
const canIsolate = spawnSync("unshare", ["-rn", "ip", "link", "set", "lo", "up"]).status === 0;

describe.skipIf(!canIsolate)("where every connection is seen", () => {
  let world: string;
  beforeAll(async () => {
    world = await mkdtemp(join(tmpdir(), "webrl-network-"));
    // Unpacked here: archives cannot be unpacked as the pretended root of a namespace.
    if (!(await browserInfo()).unpacked) await (await launchBrowser()).close();
  });
  afterAll(() => rm(world, { recursive: true, force: true }));

  /** Runs a program with a home and a cache of its own; what it wrote there besides our own browser is in `files`. */
  const watch = async (name: string, ...command: string[]) => {
    const [home, cache, out] = ["home", "cache", "out.json"].map((part) => join(world, name, part));
    await mkdir(home!, { recursive: true });
    await mkdir(cache!);
    const browsers = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "webrl");
    if (existsSync(browsers)) await symlink(browsers, join(cache!, "webrl"));
    // ONNX Runtime keeps quiet by itself where it takes its process for a test.
    const { CI: _ci, ORT_RUNNING_UNIT_TESTS: _tests, ORT_DISABLE_TELEMETRY: _off, ...env } = process.env;
    const recorder = ["--import", "tsx", at("testing/record-network.ts"), out!];
    // Rejects with what was printed if it fails.
    await promisify(execFile)(
      "unshare",
      ["-rn", process.execPath, ...recorder, process.execPath, ...command],
      {
        env: { ...env, HOME: home, XDG_CACHE_HOME: cache },
        timeout: 280_000,
      },
    );
    const record = JSON.parse(await readFile(out!, "utf8")) as NetworkRecord;
    const files = [...(await readdir(home!)), ...(await readdir(cache!))].filter((file) => file !== "webrl");
    return { record, files };
  };

  it.concurrent("ONNX Runtime, left alone, calls home: the watch can fail", { timeout: 60_000 }, async () => {
    // The environment is made with the first session; that this one holds no graph does not matter.
    const script = `require("onnxruntime-node").InferenceSession.create(new Uint8Array([8, 7])).catch(() => {
      setTimeout(() => process.exit(0), 20000);
    })`;
    const { record, files } = await watch("control", "-e", script);
    expect(record.lookups).toContain("mobile.events.data.microsoft.com");
    expect(record.connections).toContain("port 443: mobile.events.data.microsoft.com");
    expect(files).toEqual(["Microsoft"]);
  });

  it.concurrent(
    "doctor, model info, a tiny run with its episodes, the dashboard, the sites and the engine open nothing",
    { timeout: 300_000 },
    async () => {
      const { record, files } = await watch("parts", "--import", "tsx", at("testing/main-parts.ts"), world);
      expect(record).toMatchObject({
        exitCode: 0,
        lookups: [],
        connections: [],
        refusedConnections: 0,
        strayDatagrams: 0,
      });
      expect(files).toEqual([]);
    },
  );
});
