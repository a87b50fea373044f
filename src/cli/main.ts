/** @file Runs the program with this process's arguments and signals. */

import { interruption } from "./command.ts";
import { filterOutput } from "./output-filter.ts";
import { runProgram } from "./program.ts";

filterOutput();

// A reader that closes the pipe (`webrl suite list | head`) is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
process.once("SIGINT", () => interruption.abort(new Error("interrupted")));
process.once("SIGTERM", () => interruption.abort(new Error("terminated")));
process.once("SIGHUP", () => interruption.abort(new Error("the terminal was closed")));

process.exitCode = await runProgram(process.argv);
