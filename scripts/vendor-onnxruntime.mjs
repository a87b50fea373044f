/**
 * @file Copies what Linux x64 needs of `onnxruntime-node` into `vendor/`, without its install script, for the packed
 * package. Why: docs/decisions/0011.
 */

import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const manifest = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
const from = dirname(manifest);
const to = fileURLToPath(new URL("../vendor/onnxruntime-node/", import.meta.url));
const { name, version, license, main } = JSON.parse(readFileSync(manifest, "utf8"));

rmSync(to, { recursive: true, force: true });
const binaries = "bin/napi-v6/linux/x64";
// The CUDA providers are there where the install script ran; they are 300 MB.
const parts = ["libonnxruntime.so.1", "onnxruntime_binding.node"].map((file) => join(binaries, file));
const scripts = readdirSync(join(from, "dist")).filter((file) => file.endsWith(".js"));
for (const file of [...parts, ...scripts.map((file) => join("dist", file))]) {
  mkdirSync(dirname(join(to, file)), { recursive: true });
  cpSync(join(from, file), join(to, file));
}
writeFileSync(
  join(to, "package.json"),
  `${JSON.stringify({ name, version, license, main, private: true }, null, 2)}\n`,
);
writeFileSync(
  join(to, "LICENSE"),
  `MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.

Files of onnxruntime-node ${version}, unchanged: its scripts (dist/*.js) and its library for Linux x64. Its install script
is left out. Notices of third parties: ThirdPartyNotices.txt of ONNX Runtime ${version}, https://onnxruntime.ai.
`,
);
