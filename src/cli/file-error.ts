/** @file Explains in a sentence why a path cannot be read or written. */

const PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "the disk quota is used up",
  EEXIST: "something is there already",
  EINVAL: "its file system does not allow that",
  EIO: "its disk reports an error",
  EISDIR: "it is a directory",
  ELOOP: "its symbolic links form a loop",
  EMFILE: "this process has too many open files (ulimit -n)",
  ENAMETOOLONG: "its name is too long",
  ENFILE: "the machine has too many open files",
  ENOENT: "there is no such file or directory",
  ENOSPC: "its disk is full",
  ENOTDIR: "a part of the path is a file",
  EPERM: "not permitted",
  EROFS: "its disk is read-only",
  ESTALE: "its network file system has lost it",
};

/** `null` when the error is not about a file. */
export function fileError(error: unknown): string | null {
  const { code, path, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const problem = PROBLEMS[code ?? ""];
  if (problem === undefined || typeof syscall !== "string") return null;
  const isUnmade = syscall === "mkdir" && code === "ENOENT";
  return `${path === undefined ? "a file" : JSON.stringify(path)} cannot be used: ${isUnmade ? "no directory can be made there" : problem}`;
}
