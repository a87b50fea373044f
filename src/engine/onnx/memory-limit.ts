/** @file How much memory this process may have. */

import { freemem, totalmem } from "node:os";

/** Bytes: the machine's, or less where the process is confined (a container). */
export function memoryLimitBytes(): number {
  const confined = process.constrainedMemory();
  return confined > 0 ? Math.min(totalmem(), confined) : totalmem();
}

/** Bytes that are free now. */
export const freeMemoryBytes = (): number => Math.min(freemem(), memoryLimitBytes());

/** `2.9 GB`, `18 MB`. */
export const sizeText = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
