/** @file The embedded engine as a server of the Tinker protocol. */

import { resolve } from "node:path";
import { ConfigError } from "../../../core/errors.ts";
import { makeDirectory } from "../../../core/make-directory.ts";
import { guard, isLoopback } from "../../../http/guard.ts";
import { listen } from "../../../http/listen.ts";
import { createOnnxEngine, type OnnxEngineOptions } from "../../onnx/engine.ts";
import { createApp } from "./app.ts";
import { Bases } from "./bases.ts";
import { LIMITS, type ServerLimits } from "./limits.ts";
import { Service } from "./service.ts";

export interface ServeEngineOptions {
  /** Directories of base models; each is called by its directory's name. */
  models: readonly string[];
  /** Holds what survives a restart: sessions, models in training, checkpoints. One server at a time. */
  directory: string;
  /** 0 picks a free one. */
  port: number;
  host?: string;
  key?: string | null;
  limits?: Partial<ServerLimits>;
  engine?: OnnxEngineOptions;
  /** Milliseconds that a poll is held while there is no result. */
  pollMs?: number;
}

export interface EngineServer extends AsyncDisposable {
  readonly url: string;
  /** Accepts nothing new, finishes what was accepted, lets clients fetch it and leaves the rest on disk. */
  [Symbol.asyncDispose](): Promise<void>;
}

const MIN_KEY = 16;
const TIDY_MS = 5000;
/** Milliseconds that clients have to fetch their results when the server stops. */
const FETCH_MS = 3000;
const CONNECTIONS = 4096;

/** @throws ConfigError for a model that cannot be served, an address without a key, a port that cannot be had. */
export async function serveEngine(options: ServeEngineOptions): Promise<EngineServer> {
  const { port, host = "127.0.0.1", key = null, pollMs = 25_000 } = options;
  const limits = { ...LIMITS, ...options.limits };
  const isOpen = !isLoopback(host.includes(":") ? `[${host}]` : host);
  checkKey(key, isOpen ? host : null);
  const bases = await Bases.read(options.models);
  const directory = resolve(options.directory);
  await makeDirectory(directory);
  const engine = createOnnxEngine(options.engine);
  try {
    const service = await Service.open({ engine, bases, directory, limits });
    let stopping = false;
    const protect = guard({
      isOurs: (name) => isOpen || isLoopback(name),
      methods: ["POST", "DELETE"],
      policy: "default-src 'none'",
      maxBodyBytes: limits.bodyBytes,
    });
    const app = createApp({ service, guard: protect, key, pollMs, isStopping: () => stopping });
    const listening = await listen(app.fetch, { port, host, maxConnections: CONNECTIONS });
    const tidying = setInterval(() => void service.tidy(), TIDY_MS);
    return {
      url: `http://${host.includes(":") ? `[${host}]` : host}:${listening.port}`,
      [Symbol.asyncDispose]: async () => {
        if (stopping) return;
        stopping = true;
        clearInterval(tidying);
        await service.stop();
        await service.futures.waitUntilFetched(FETCH_MS);
        await listening[Symbol.asyncDispose]();
        await engine[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

function checkKey(key: string | null, host: string | null): void {
  if (key === null && host === null) return;
  if (key === null)
    throw new ConfigError(
      `without a key, everybody who reaches ${host} could use this machine`,
      "Name an environment variable that holds one with --key-env, or listen on 127.0.0.1.",
    );
  if (key.trim() !== key || key.length < MIN_KEY)
    throw new ConfigError(
      `the key has ${key.length} characters, and a key needs at least ${MIN_KEY}, none of them a space at its ends`,
      "Make one such as `tml-$(openssl rand -hex 24)`: the official SDK takes only keys that begin with tml-.",
    );
}
