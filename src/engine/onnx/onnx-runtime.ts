/**
 * @file The only place that loads ONNX Runtime, after turning its telemetry off: `onnxruntime-node` if the right
 * release is installed beside webrl, otherwise the copy in this package for Linux x64 (decision 0011).
 */

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type * as Api from "onnxruntime-common";
import { ConfigError } from "../../core/errors.ts";
import { disableTelemetry } from "./telemetry.ts";

/** The release that the engine is tested with; package.json names the same. */
const RELEASE = "1.30";

export interface FoundRuntime {
  version: string;
  /** `shipped`: the copy in this package. */
  source: "installed" | "shipped";
  /** Path of the package's directory. */
  directory: string;
}

export interface Runtime extends Pick<typeof Api, "InferenceSession" | "Tensor"> {
  listSupportedBackends(): { name: string }[];
}

const require = createRequire(import.meta.url);
const SHIPPED = fileURLToPath(new URL("../../../vendor/onnxruntime-node/package.json", import.meta.url));

/** The copy that {@link loadRuntime} would load. Throws a `ConfigError` if there is none for this platform. */
export function findRuntime(installed = installedManifest(), shipped = SHIPPED): FoundRuntime {
  const beside = installed === null ? null : read(installed, "installed");
  if (beside?.version.startsWith(`${RELEASE}.`)) return beside;
  if (process.platform === "linux" && process.arch === "x64" && existsSync(shipped))
    return read(shipped, "shipped");
  throw new ConfigError(
    beside
      ? `the engine needs onnxruntime-node ${RELEASE}, and ${beside.version} is installed`
      : `webrl carries ONNX Runtime for Linux x64 only, and onnxruntime-node is not installed on this ${process.platform} ${process.arch}`,
    `Run \`npm install onnxruntime-node@${RELEASE}\`.`,
  );
}

/** Throws a `ConfigError` that says what to do if the library is missing or does not load on this system. */
export function loadRuntime(found = findRuntime()): Runtime {
  disableTelemetry();
  try {
    return require(found.directory) as Runtime;
  } catch (cause) {
    const message = (cause as Error).message.split("\n")[0]!;
    throw new ConfigError(`ONNX Runtime in ${found.directory} does not load: ${message}`, remedy(message), {
      cause,
    });
  }
}

export const GLIBC_REMEDY =
  "ONNX Runtime needs glibc 2.28 or newer: use Debian 10, Ubuntu 20.04, RHEL 8 or newer, and not Alpine.";

function remedy(message: string): string {
  if (/GLIBC(XX)?_|ld-linux|ld-musl|Error (relocating|loading)/.test(message)) return GLIBC_REMEDY;
  const library = /^(\S+\.so[.\d]*): cannot open shared object/.exec(message)?.[1];
  if (library && !library.startsWith("libonnxruntime"))
    return `Install the system package that has ${library} (libstdc++6 on Debian and Ubuntu has libstdc++.so.6).`;
  return "Its files are incomplete: install webrl again (in its own sources: run `npm ci`).";
}

function installedManifest(): string | null {
  try {
    return require.resolve("onnxruntime-node/package.json");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}

function read(manifest: string, source: FoundRuntime["source"]): FoundRuntime {
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return { version, source, directory: dirname(manifest) };
}
