/** The hub's protocol against a server on this machine: what it lists, sends, breaks off, refuses and gets wrong. */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { describeModel } from "../engine/onnx/describe-model.ts";
import { importGguf } from "./import-gguf.ts";
import { loadTokenizer } from "../engine/onnx/tokenizer/load-tokenizer.ts";
import { importModel, type ImportOptions } from "./import-model.ts";
import { parseHubModel } from "./hub.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const weights = "model.safetensors";
let root: string;
let counter = 0;
/** What the hub has. */
let files: Map<string, Buffer>;
let server: Server;
let requests: { url: string; range: string | undefined; authorization: string | undefined }[];
/** Breaks the connection off that was left open; called when the client has some of its bytes. */
let breakOff: () => void;
/** Answers instead of the hub, where it returns true. */
let trouble: (request: IncomingMessage, response: ServerResponse) => boolean;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-hub-"));
  const model = join(root, "model");
  const gguf = fileURLToPath(new URL("gguf/fixtures/qwen3.gguf", import.meta.url));
  await importGguf(gguf, model, { dtype: null });
  files = new Map();
  for (const name of await readdir(model))
    if (name !== "manifest.json") files.set(name, await readFile(join(model, name)));
  // As others write them: without our mark.
  const bytes = files.get(weights)!;
  const at = bytes.indexOf('"written_by":"webrl"');
  bytes.write('"written_by":"other"', at);
  files.set("pytorch_model.bin", Buffer.from("a program"));
  files.set("onnx/model.onnx", Buffer.from("not wanted"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const sha = (kind: string, ...parts: (string | Buffer)[]) => {
  const hash = createHash(kind);
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

function serve(request: IncomingMessage, response: ServerResponse): void {
  const { url = "", headers } = request;
  requests.push({ url, range: headers.range, authorization: headers.authorization });
  if (trouble(request, response)) return;
  const json = (value: unknown) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(value));
  };
  if (url.startsWith("/api/models/org/tiny/revision/"))
    return json({
      _id: "1",
      id: "org/tiny",
      sha: commit,
      private: false,
      downloads: 1,
      gated: false,
      likes: 0,
      lastModified: "2026-01-01T00:00:00.000Z",
    });
  if (url.startsWith(`/api/models/org/tiny/tree/${commit}`))
    return json(
      [...files].map(([path, bytes]) => ({
        type: "file",
        path,
        size: bytes.length,
        oid: sha("sha1", `blob ${bytes.length}\0`, bytes),
        ...(path.endsWith(".safetensors") && {
          lfs: { oid: sha("sha256", bytes), size: bytes.length, pointerSize: 130 },
        }),
      })),
    );
  const path = /^\/org\/tiny\/resolve\/[0-9a-f]{40}\/(.+)$/.exec(url)?.[1];
  const bytes = path === undefined ? undefined : files.get(path);
  if (!bytes) {
    response.statusCode = 404;
    return json({ error: "Repository not found" });
  }
  response.setHeader("etag", `"${sha("sha1", bytes)}"`);
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
  if (from === undefined) return void response.end(bytes);
  const end = to === "" || to === undefined ? bytes.length - 1 : Number(to);
  response.statusCode = 206;
  response.setHeader("content-range", `bytes ${from}-${end}/${bytes.length}`);
  response.end(bytes.subarray(Number(from), end + 1));
}

beforeEach(async () => {
  requests = [];
  trouble = () => false;
  breakOff = () => undefined;
  server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  vi.stubEnv("HF_TOKEN", "");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const patience = { attempts: 3, pauseMs: 1, silenceMs: 400 };
const fetchTo = (out: string, change: Partial<ImportOptions> = {}) =>
  importModel({
    source: "org/tiny",
    out,
    dtype: null,
    patience,
    onProgress: (text) => text.startsWith(weights) && breakOff(),
    ...change,
  });
const place = () => join(root, `out-${counter++}`);
const leftIn = async (out: string) =>
  (await readdir(root)).filter((name) => name.includes(out.slice(root.length + 1))).toSorted();
async function refusal(out: string, source = "org/tiny"): Promise<Error> {
  const error: unknown = await fetchTo(out, { source }).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ConfigError);
  expect(await leftIn(out)).not.toContain(out.slice(root.length + 1));
  return error as Error;
}
/** Requests for the weights themselves. */
const ofWeights = () => requests.filter(({ url, range }) => url.endsWith(weights) && range !== "bytes=0-0");
const refuse = (response: ServerResponse, status: number, headers: Record<string, string> = {}) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ error: "no" }));
  return true;
};

it("names on the hub are told apart from paths", () => {
  expect(parseHubModel("org/name")).toEqual({ name: "org/name", revision: "main" });
  expect(parseHubModel("hf:org/name@refs/pr/1")).toEqual({ name: "org/name", revision: "refs/pr/1" });
  for (const path of [
    "./org/name",
    "/org/name",
    "org",
    "org/name/more",
    "../x",
    "org/..",
    "org/name@../x",
    "https://x/y",
  ])
    expect(parseHubModel(path)).toBeNull();
});

describe("a model of the hub", () => {
  it("is brought with the files that it needs and no other, and nothing stays behind", async () => {
    const out = place();
    await fetchTo(out);
    expect(await describeModel(out)).toMatchObject({ config: { architecture: "Qwen3ForCausalLM" } });
    const names = await readdir(out);
    expect(names).toEqual(
      expect.arrayContaining([
        "config.json",
        "generation_config.json",
        "manifest.json",
        "tokenizer.json",
        weights,
      ]),
    );
    expect(requests.some(({ url }) => /onnx|\.bin$/.test(url))).toBe(false);
    expect(await readFile(join(out, "README.md"), "utf8")).toContain(commit);
    expect(await leftIn(out)).toEqual([out.slice(root.length + 1)]);
  });

  it("is brought without its weights where a server has these", async () => {
    const out = place();
    await fetchTo(out, { withoutWeights: true });
    expect((await loadTokenizer(out)).encode("a").length).toBeGreaterThan(0);
    expect(await readdir(out)).toEqual(expect.arrayContaining(["config.json", "tokenizer.json"]));
    expect((await readdir(out)).filter((name) => name.includes("safetensors"))).toEqual([]);
    expect(ofWeights()).toEqual([]);
    // Also from a hub without weights that we can read, and from a folder.
    const whole = files;
    files = new Map([...whole].filter(([name]) => name !== weights));
    const again = place();
    await fetchTo(again, { withoutWeights: true });
    const copy = place();
    await fetchTo(copy, { source: again, withoutWeights: true });
    expect(await readdir(copy)).toContain("tokenizer.json");
    await expect(fetchTo(place())).rejects.toThrow(/has weights only as .bin files/);
    files = whole;
  });

  it("is brought from the revision that was asked for, with the token", async () => {
    vi.stubEnv("HF_TOKEN", "hf_abcdefgh12345678");
    await fetchTo(place(), { source: "hf:org/tiny@v1.0" });
    expect(requests[0]!.url).toContain("/revision/v1.0");
    expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(
      new Set(["Bearer hf_abcdefgh12345678"]),
    );
  });

  it("goes on where a connection broke off", async () => {
    const bytes = files.get(weights)!;
    trouble = ({ url, headers }, response) => {
      if (!url!.endsWith(weights) || headers.range !== undefined) return false;
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 20_000));
      breakOff = () => response.destroy();
      return true;
    };
    const out = place();
    await fetchTo(out);
    expect(await describeModel(out)).toMatchObject({ config: { architecture: "Qwen3ForCausalLM" } });
    const ranges = ofWeights().map(({ range }) => range);
    expect(ranges[0]).toBeUndefined();
    expect(ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
  });

  it("goes on in a second start where the first was killed", async () => {
    const bytes = files.get(weights)!;
    const kill = new AbortController();
    trouble = ({ url, headers }, response) => {
      if (!url!.endsWith(weights) || headers.range !== undefined) return false;
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 20_000));
      return true;
    };
    const out = place();
    const onProgress = (text: string) => {
      if (text.startsWith(weights)) kill.abort(new Error("killed"));
    };
    await expect(fetchTo(out, { signal: kill.signal, onProgress })).rejects.toThrow(/killed|abort/);
    expect(await leftIn(out)).toEqual([`.${out.slice(root.length + 1)}.download`]);
    requests = [];
    trouble = () => false;
    await fetchTo(out);
    expect(await describeModel(out)).toMatchObject({ config: { architecture: "Qwen3ForCausalLM" } });
    expect(ofWeights().map(({ range }) => range)).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
    expect(requests.some(({ url }) => url.endsWith("tokenizer.json"))).toBe(false);
  });

  it.each([
    ["damaged", commit],
    ["of another commit", commit.replace("0", "f")],
  ])("is brought anew where what is there is %s", async (_, of) => {
    const out = place();
    const folder = join(root, `.${out.slice(root.length + 1)}.download`);
    await mkdir(folder);
    await writeFile(join(folder, "source.json"), JSON.stringify({ name: "org/tiny", commit: of }));
    await writeFile(join(folder, `${weights}.part`), Buffer.alloc(5000, 1));
    await writeFile(join(folder, "config.json"), Buffer.alloc(files.get("config.json")!.length, 32));
    await fetchTo(out);
    expect(await describeModel(out)).toMatchObject({ config: { architecture: "Qwen3ForCausalLM" } });
  });

  it("is brought where the server knows no ranges", async () => {
    const bytes = files.get(weights)!;
    let times = 0;
    trouble = ({ url, headers }, response) => {
      if (!url!.endsWith(weights) || headers.range === "bytes=0-0") return false;
      response.writeHead(200, { "content-length": bytes.length });
      if (times++ === 0) {
        response.write(bytes.subarray(0, 9000));
        breakOff = () => response.destroy();
      } else response.end(bytes);
      return true;
    };
    const out = place();
    await fetchTo(out);
    expect(await describeModel(out)).toMatchObject({ config: { architecture: "Qwen3ForCausalLM" } });
  });

  it("goes on however often a connection breaks off, while it gets somewhere", async () => {
    const bytes = files.get(weights)!;
    trouble = ({ url, headers }, response) => {
      if (!url!.endsWith(weights) || headers.range === "bytes=0-0") return false;
      const from = Number(/\d+/.exec(headers.range ?? "0")![0]);
      response.writeHead(from === 0 ? 200 : 206, { "content-length": bytes.length - from });
      response.write(bytes.subarray(from, from + 6000));
      breakOff = () => response.destroy();
      return true;
    };
    await fetchTo(place());
    expect(ofWeights().length).toBeGreaterThan(6);
  });

  it("is asked for again as late as the hub wants it", async () => {
    let times = 0;
    trouble = (_, response) => times++ === 0 && refuse(response, 429, { "retry-after": "1" });
    const before = performance.now();
    await fetchTo(place());
    // Not a measure of speed: the pause that was asked for is kept.
    expect(performance.now() - before).toBeGreaterThan(990);
  });

  it.each([429, 500, 503])("is asked for again after %i", async (status) => {
    const times = new Map<string, number>();
    trouble = ({ url, headers }, response) => {
      const question = `${url} ${headers.range}`;
      times.set(question, (times.get(question) ?? 0) + 1);
      return times.get(question)! < 3 && refuse(response, status);
    };
    await fetchTo(place());
    expect(Math.min(...times.values())).toBeGreaterThanOrEqual(3);
  });
});

describe("in one sentence ends", () => {
  it.each<[string, (request: IncomingMessage, response: ServerResponse) => boolean, RegExp]>([
    [
      "401",
      (_, response) => refuse(response, 401),
      /access to org\/tiny on http:\/\/127\.0\.0\.1:\d+ is denied \(401/,
    ],
    ["403", (_, response) => refuse(response, 403), /is denied \(403/],
    ["404", (_, response) => refuse(response, 404), /there is no org\/tiny on/],
    ["400", (_, response) => refuse(response, 400), /the hub answers 400/],
    [
      "503 without end",
      (_, response) => refuse(response, 503),
      /cannot be reached or disconnected 3 times in a row/,
    ],
    ["a hub that says nothing", () => true, /3 times in a row: no answer within 0\.4 s/],
    ["a hub that hangs up", (request) => Boolean(request.socket.destroy()), /3 times in a row/],
    [
      "an answer that is not JSON",
      (_, response) => Boolean(response.end("<html>")),
      /cannot be reached or disconnected|names no commit/,
    ],
    [
      "an answer without end",
      (_, response) => {
        response.setHeader("content-type", "application/json");
        const timer = setInterval(() => response.write(Buffer.alloc(4 << 20, " ")), 1);
        response.on("close", () => clearInterval(timer));
        return true;
      },
      /answers with more than \d+ bytes/,
    ],
    [
      "a file that is denied",
      ({ url }, response) => url!.endsWith(weights) && refuse(response, 403),
      /is denied \(403/,
    ],
    [
      "a file with other bytes than listed",
      ({ url, headers }, response) => {
        if (!url!.endsWith(weights) || headers.range === "bytes=0-0") return false;
        response.end(Buffer.alloc(files.get(weights)!.length));
        return true;
      },
      /sent a model\.safetensors whose size or checksum differs from what it lists/,
    ],
    [
      "a file that is longer than listed",
      ({ url, headers }, response) => {
        if (!url!.endsWith(weights) || headers.range === "bytes=0-0") return false;
        response.end(Buffer.alloc(files.get(weights)!.length + 1));
        return true;
      },
      /sends more of model\.safetensors than its \d+ bytes/,
    ],
  ])("%s", { timeout: 20_000 }, async (_, cause, message) => {
    trouble = cause;
    expect((await refusal(place())).message).toMatch(message);
  });

  it("a hub that is not there", async () => {
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    expect((await refusal(place())).message).toMatch(/127\.0\.0\.1:9 cannot be reached .*3 times in a row/);
  });

  it.each([
    ["HF_ENDPOINT", "huggingface", /HF_ENDPOINT is "huggingface"/],
    ["HF_ENDPOINT", "file:///etc", /not an address of a hub/],
    ["HF_TOKEN", "wrong-token-12345", /HF_TOKEN does not begin with hf_/],
  ])("%s=%s", async (name, value, message) => {
    vi.stubEnv(name, value);
    expect((await refusal(place())).message).toMatch(message);
    expect(requests).toEqual([]);
  });

  it("a token that would go unencrypted over the network", async () => {
    vi.stubEnv("HF_ENDPOINT", "http://mirror.invalid");
    vi.stubEnv("HF_TOKEN", "hf_abcdefgh12345678");
    expect((await refusal(place())).message).toMatch(/HF_TOKEN would be sent to http:\/\/mirror\.invalid/);
  });

  it.each([
    [["config.json"], /has no config\.json/],
    [["tokenizer.json"], /has no tokenizer\.json/],
    [[weights], /has weights only as \.bin files/],
    [[weights, "pytorch_model.bin"], /has no weights in safetensors files/],
  ])("a model without %j", async (missing, message) => {
    const whole = files;
    files = new Map([...whole].filter(([name]) => !missing.includes(name)));
    expect((await refusal(place())).message).toMatch(message);
    files = whole;
  });

  it("a path that is misspelt: the hub is not asked", async () => {
    expect((await refusal(place(), "src/nothing-here")).message).toMatch(/there is no "src\/nothing-here"/);
    expect((await refusal(place(), "org/model.gguf")).message).toMatch(/there is no "org\/model\.gguf"/);
    expect(requests).toEqual([]);
  });
});
