/** @file The weights of a checkpoint as one tar for other tools: without the optimiser's state and our manifest. */

import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { parseJson } from "../../../core/json.ts";

const LEFT_OUT = new Set(["manifest.json", "optimizer.safetensors"]);

/** `base`: the name that an adapter gives for its base, because this machine's directory is nobody else's business. */
export function archiveOf(directory: string, base: string): ReadableStream {
  const archive = pack();
  const fill = async () => {
    for (const name of (await readdir(directory)).toSorted()) {
      if (LEFT_OUT.has(name)) continue;
      const file = join(directory, name);
      if (name === "adapter_config.json") {
        const config = {
          ...(parseJson(await readFile(file, "utf8")) as object),
          base_model_name_or_path: base,
        };
        archive.entry({ name }, `${JSON.stringify(config, null, 2)}\n`);
      } else {
        const entry = archive.entry({ name, size: (await stat(file)).size });
        await pipeline(createReadStream(file), entry);
      }
    }
    archive.finalize();
  };
  fill().catch((error: unknown) => archive.destroy(error as Error));
  return Readable.toWeb(Readable.from(archive)) as ReadableStream;
}
