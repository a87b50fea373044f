/** @file Asks a Python script one question: a JSON object on its standard input, one as its last printed line. */

import { spawn, spawnSync } from "node:child_process";

/**
 * `null` where this Python does not exist or cannot import `packages`. @throws Error with the script's output if it
 * fails.
 */
export async function askPython<Answer>(
  python: string,
  packages: string,
  script: string,
  question: object,
): Promise<Answer | null> {
  if (spawnSync(python, ["-c", `import ${packages}`]).status !== 0) return null;
  return new Promise((resolve, reject) => {
    const child = spawn(python, ["-c", script], { stdio: ["pipe", "pipe", "pipe"] });
    let [output, errors] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      const line = output.trim().split("\n").at(-1);
      if (code === 0 && line) resolve(JSON.parse(line) as Answer);
      else reject(new Error(`${packages}: the peer ended with code ${code}: ${errors.slice(-2000)}`));
    });
    child.stdin.end(JSON.stringify(question));
  });
}
