/** @file `webrl engine serve` in a process of its own, for tests that kill it. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { WEBRL } from "../../../../cli/testing/command.ts";

export class ServerProcess implements AsyncDisposable {
  readonly #model: string;
  readonly #directory: string;
  readonly #port: number;
  readonly #cwd: string | undefined;
  #child: ChildProcess | null = null;

  /** On a port that was free a moment ago: it has to be the same one after each start. `cwd`: the folder it runs in. */
  static async create(model: string, directory: string, cwd?: string): Promise<ServerProcess> {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, "close");
    return new ServerProcess(model, directory, port, cwd);
  }

  private constructor(model: string, directory: string, port: number, cwd: string | undefined) {
    this.#model = model;
    this.#directory = directory;
    this.#port = port;
    this.#cwd = cwd;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const args = ["--model", this.#model, "--dir", this.#directory, "--port", String(this.#port)];
    const child = spawn(
      process.execPath,
      [...WEBRL, "engine", "serve", ...args, "--threads", "1", "--json"],
      { stdio: ["ignore", "pipe", "inherit"], cwd: this.#cwd },
    );
    this.#child = child;
    // It says where it listens once it does.
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`the server ended with code ${code} before it listened`);
    });
    await Promise.race([once(child.stdout!, "data"), ended]);
  }

  /** Its exit code; `null` where the signal ended it. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    const child = this.#child!;
    this.#child = null;
    const gone = once(child, "exit");
    child.kill(signal);
    return ((await gone) as [number | null])[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child) await this.end("SIGKILL");
  }
}
