/** @file Asks a server first what it has. Whatever answers differently does not speak the protocol. */

import type { z } from "zod";
import { ConfigError } from "../../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { TinkerError } from "./errors.ts";

/** @throws ConfigError if something else answers at the address. */
export async function askCapabilities<T>(
  connection: Connection,
  url: string,
  schema: z.ZodType<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await connection.ask({ path: "get_server_capabilities", resend: "always", signal }, schema);
  } catch (cause) {
    if (!(cause instanceof TinkerError) || !["refused", "lost", "nonsense"].includes(cause.trouble))
      throw cause;
    throw new ConfigError(
      `what answers at ${url} is not a server of the Tinker protocol: ${cause.message}`,
      "Give the server's root, such as http://127.0.0.1:8000, as its address.",
      { cause },
    );
  }
}
