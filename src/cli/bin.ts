#!/usr/bin/env node
/** @file What `webrl` starts: refuses a Node that is too old before anything is loaded that such a Node cannot read. */

import { NODE_REMEDY, nodeTooOld } from "./node-version.ts";

const problem = nodeTooOld();
if (problem) {
  process.stderr.write(`webrl: ${problem}\n${NODE_REMEDY}\n`);
  process.exitCode = 2;
} else await import("./main.ts");
