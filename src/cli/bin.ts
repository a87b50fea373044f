#!/usr/bin/env node
/**
 * @file The entry of `webrl`: refuses a Node that is too old before it loads anything which such a Node cannot parse.
 */

import { NODE_REMEDY, nodeTooOld } from "./node-version.ts";

const problem = nodeTooOld();
if (problem) {
  process.stderr.write(`webrl: ${problem}\n${NODE_REMEDY}\n`);
  process.exitCode = 2;
} else await import("./main.ts");
