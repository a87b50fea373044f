/**
 * @file Loaded before a program (`node --import`; `--require` in `NODE_OPTIONS` reaches its threads, too), this makes
 * one of its writes go wrong in the middle: `SOAK_WRITE=N:SHARE:kill` writes a share of the bytes of the Nth write and
 * ends the process as `kill -9` does; `…:full` fails with ENOSPC there, and at all writes from then on. An operation
 * that writes no bytes (a rename, a removal) is done if SHARE is above a half, and otherwise not. With
 * `SOAK_WRITE_BELOW`, only writes count whose path contains this text.
 */

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [at, share, kind] = (process.env["SOAK_WRITE"] ?? "0:0:kill").split(":") as [
  string,
  string,
  "kill" | "full",
];
const below = process.env["SOAK_WRITE_BELOW"] ?? "";
let left = Number(at);
let isFull = false;

/** What is patched has many overloads. */
type AnyFunction = (...args: unknown[]) => unknown;
const writeSync = fs.writeSync as AnyFunction;
const originals = {
  writeFileSync: fs.writeFileSync as AnyFunction,
  appendFileSync: fs.appendFileSync as AnyFunction,
};

function fullDisk(path: unknown): Error {
  const text = "ENOSPC: no space left on device, write";
  return Object.assign(new Error(text), { code: "ENOSPC", errno: -28, syscall: "write", path });
}

/** Whether this write is the one; `cut` writes the beginning of it. */
function meetTrouble(path: unknown, cut: () => void): void {
  if (!String(path).includes(below)) return;
  if (isFull) throw fullDisk(path);
  if (left <= 0 || --left > 0) return;
  cut();
  if (kind === "kill") process.kill(process.pid, "SIGKILL");
  isFull = true;
  throw fullDisk(path);
}

const beginning = (data: unknown) => {
  const bytes = Buffer.from(data as string | Uint8Array);
  return bytes.subarray(0, Math.floor(bytes.length * Number(share)));
};

const patch = (holder: object, name: string, make: (original: AnyFunction) => AnyFunction) => {
  const functions = holder as Record<string, AnyFunction>;
  functions[name] = make(functions[name]!);
};

for (const name of ["writeFile", "appendFile"] as const) {
  const cutInto = (path: unknown, data: unknown, options: unknown) => () =>
    void originals[`${name}Sync`](path, beginning(data), options);
  patch(fs, `${name}Sync`, (original) => (path, data, options) => {
    meetTrouble(path, cutInto(path, data, options));
    return original(path, data, options);
  });
  patch(fs.promises, name, (original) => async (path, data, options) => {
    meetTrouble(path, cutInto(path, data, options));
    return original(path, data, options);
  });
}
patch(fs.promises, "open", (open) => async (path, flags, ...rest) => {
  const file = (await open(path, flags, ...rest)) as fs.promises.FileHandle;
  patch(file, "writeFile", (original) => async (data, options) => {
    meetTrouble(path, () => void writeSync(file.fd, beginning(data)));
    return original.call(file, data, options);
  });
  return file;
});
for (const name of ["rename", "link", "rm", "mkdir", "truncate", "utimes"] as const) {
  const sync = (fs as unknown as Record<string, AnyFunction>)[`${name}Sync`]!;
  // These operations work on a full disk.
  patch(fs.promises, name, (original) => async (...args) => {
    if (kind === "kill") meetTrouble(args[0], () => void (Number(share) > 0.5 && sync(...args)));
    return original(...args);
  });
}
syncBuiltinESMExports();
