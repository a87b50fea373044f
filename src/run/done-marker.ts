/**
 * @file `STAGE.done.json`: a stage is done when its marker exists and is intact. It lists the files that the stage
 * left, so that a file which was damaged later is found before anything is built on it.
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { ConfigError } from "../core/errors.ts";
import { readRegular } from "../core/regular-file.ts";
import type { StageName } from "./events.ts";
import { donePath, phasePath } from "./paths.ts";

export interface FileMark {
  bytes: number;
  sha256: string;
}

const markerSchema = z.object({
  /** What the stage returned. */
  output: z.unknown(),
  seconds: z.number(),
  /** Lines of `metrics.jsonl` that the stage wrote. Markers of version 0.1.0 have neither this nor `files`. */
  metricLines: z.int().optional(),
  /** Hash of those lines; absent in markers of earlier versions. */
  metricsSha256: z.string().optional(),
  /** Files by name in the phase's directory. */
  files: z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() })).optional(),
});

export type DoneMarker = z.infer<typeof markerSchema>;

/** Reads the stage's marker; `null` if there is none or it is `damaged`, and then the stage is done again. */
export async function readMarker(
  run: string,
  phase: number,
  stage: StageName,
): Promise<DoneMarker | "damaged" | null> {
  try {
    const text = (await readRegular(donePath(run, phase, stage), { maxBytes: 1 << 28 })).toString("utf8");
    return markerSchema.parse(JSON.parse(text));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? null : "damaged";
  }
}

/** Throws a `ConfigError` that names the first file which is not as the stage left it. */
export async function checkFiles(
  run: string,
  phase: number,
  stage: StageName,
  marker: DoneMarker,
): Promise<void> {
  for (const [name, mark] of Object.entries(marker.files ?? {})) {
    const path = join(run, phasePath(phase, name));
    const found = await markFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (found?.bytes === mark.bytes && found.sha256 === mark.sha256) continue;
    const what =
      found === null
        ? "is missing"
        : found.bytes === mark.bytes
          ? "was changed: its SHA-256 differs"
          : `was changed: it has ${found.bytes} bytes instead of ${mark.bytes}`;
    throw new ConfigError(
      `${path} ${what}, although the stage ${stage}, which wrote it, is done`,
      `Restore it from a copy. If you have none, delete what is damaged in it, and ${donePath(run, phase, stage)}; then \`webrl resume\` does again what is missing.`,
    );
  }
}

export async function markFile(path: string): Promise<FileMark> {
  if (!(await stat(path)).isFile()) return { bytes: -1, sha256: "not a regular file" };
  const hash = createHash("sha256");
  let bytes = 0;
  await pipeline(createReadStream(path), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      hash.update(chunk);
    }
  });
  return { bytes, sha256: hash.digest("hex") };
}
