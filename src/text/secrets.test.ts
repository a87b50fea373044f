import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { ConfigError, Fault } from "../core/errors.ts";
import { keepSecret, redactError, redactOutput, whyNoSecret } from "./secrets.ts";

const SECRET = "S3cr3t-Marker-42";
const MARK = "[redacted: secret]";

describe("a secret", () => {
  it("has to be told from ordinary text: too short, a short word and an everyday one are refused", () => {
    expect(() => keepSecret("a1b2c", "the environment variable PW")).toThrow(
      /the secret of the environment variable PW cannot be kept .* it has 5 characters, and a secret needs at least 6/,
    );
    for (const weak of ["admin", "dragon", "Secret", "password", "Progress", "combobox", " 12345 "])
      expect([weak, whyNoSecret(weak)]).toEqual([weak, expect.any(String)]);
    for (const strong of ["swordfish", "hunter2", "123456", "tr0ub4dor&3", "pass word"])
      expect([strong, whyNoSecret(strong)]).toEqual([strong, null]);
  });
});

describe("what is written or printed", () => {
  it("is JSON as before where it was JSON, also where the secret is a number in it", () => {
    keepSecret(SECRET, "a test");
    keepSecret("20261128", "a test");
    const value = { text: `it is "${SECRET}"`, [SECRET]: 1, seed: 20261128, pin: "20261128" };
    const clean = { text: `it is "${MARK}"`, [MARK]: 1, seed: 20261128, pin: MARK };
    const indented = redactOutput(`${JSON.stringify(value, null, 2)}\n`);
    expect(indented).toBe(`${JSON.stringify(clean, null, 2)}\n`);
    const lines = [value, { seed: 20261128 }, value].map((line) => `${JSON.stringify(line)}\n`).join("");
    expect(
      redactOutput(lines)
        .split("\n")
        .slice(0, 3)
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([clean, { seed: 20261128 }, clean]);
    expect(redactOutput(`webrl: ${SECRET}\n`)).toBe(`webrl: ${MARK}\n`);
  });

  it("are errors without it, down to the last cause, also where causes go round", () => {
    const deepest: Error & { cause?: unknown; log: string[] } = Object.assign(new Error(`typed ${SECRET}`), {
      log: [`fill("${SECRET}")`],
    });
    const fault = new Fault("site_down", `at /${SECRET}`, { retryable: true, cause: deepest });
    const error = new ConfigError(`no ${SECRET}`, `not ${SECRET}`, { cause: fault });
    deepest.cause = error;
    const same = redactError(error);
    expect(same).toBe(error);
    expect([error.message, error.hint, fault.message, deepest.message]).toEqual([
      `no ${MARK}`,
      `not ${MARK}`,
      `at /${MARK}`,
      `typed ${MARK}`,
    ]);
    expect(`${error.stack} ${fault.stack} ${deepest.stack}`).not.toContain(SECRET);
    expect(deepest.log).toEqual([`fill("${MARK}")`]);
    expect(redactError(Object.freeze(new Error("x")))).toBeInstanceOf(Error);
    expect(redactError("no error")).toBe("no error");
  });
});

/** Why they write past the redaction. */
const WRITERS: Record<string, string> = {
  "run/run-directory.ts": "writeAtomically redacts; pictures of pages",
  "run/json-lines.ts": "append redacts",
  "run/live-pictures.ts": "pictures of pages",
  "run/run-lock.ts": "a process's number",
  "browser/launch.ts": "the packaged browser's fonts",
  "agent/extract/output.ts": "rows are redacted where they are printed",
  "agent/record.ts": "pictures of pages",
  "safety/audit.ts": "entries are redacted before they are hashed",
  "bench/agent-batch/kill.ts": "made-up prices and notes",
  "bench/agent-batch/site.ts": "the session of a made-up user",
  "bench/train.ts": "made-up numbers for PyTorch",
  "engine/onnx/checkpoint/manifest.ts": "checksums",
  "engine/onnx/checkpoint/checkpoint.ts": "weights, vocabulary, configuration of a model",
  "engine/onnx/checkpoint/adapter.ts": "weights, configuration of a model",
  "engine/onnx/checkpoint/safetensors.ts": "weights",
  "engine/tinker/client/archive.ts": "weights of a checkpoint on a server",
  "engine/tinker/client/model.ts": "where a server keeps weights",
  "engine/tinker/server/store.ts": "requests and results of clients, in tokens",
  "tasks/apps.ts": "made-up content of applications",
  "tasks/copy-records.ts": "a process's number",
  "apps/mediawiki/app.ts": "made-up content",
  "apps/roundcube/app.ts": "made-up content",
  "apps/tiddlywiki/app.ts": "made-up content",
  "apps/requesttracker/app.ts": "made-up content",
  "apps/evershop/app.ts": "made-up content",
  "tasks/webarena/login.ts": "a login state: a secret itself, for its owner alone",
  "exchange/import-folder.ts": "the card of an imported model",
  "exchange/hub.ts": "files of a model, and their commit",
};

it("nothing else in the product writes files: a new writer goes through writeAtomically or openJsonLines", async () => {
  const found: string[] = [];
  for (const name of await readdir(new URL("..", import.meta.url), { recursive: true })) {
    if (!/\.tsx?$/.test(name) || /\.test\.tsx?$|testing\/|fixtures/.test(name)) continue;
    const text = await readFile(new URL(`../${name}`, import.meta.url), "utf8");
    if (
      /\b(?:writeFile|appendFile|createWriteStream|writeSync|writevSync|writeFileSync|appendFileSync)\(/.test(
        text,
      )
    )
      found.push(name);
  }
  expect(found.sort()).toEqual(Object.keys(WRITERS).sort());
});
