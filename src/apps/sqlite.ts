/** @file Reads an application's SQLite database with its own PHP: Node 20 has no reader. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Fault } from "../core/errors.ts";

export type Row = Record<string, string | number | null>;

const READ = `$in = json_decode(stream_get_contents(STDIN), true);
$db = new PDO("sqlite:" . $in["file"], null, null, [PDO::SQLITE_ATTR_OPEN_FLAGS => PDO::SQLITE_OPEN_READONLY]);
$out = [];
foreach ($in["queries"] as $name => $sql) $out[$name] = $db->query($sql)->fetchAll(PDO::FETCH_ASSOC);
echo json_encode($out, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE);`;

/** The rows of each query. A database that cannot be read is the application's fault. */
export async function queryDatabase<Name extends string>(
  file: string,
  queries: Record<Name, string>,
): Promise<Record<Name, Row[]>> {
  const reading = promisify(execFile)("php", ["-r", READ], { maxBuffer: 64 * 2 ** 20 });
  reading.child.stdin!.end(JSON.stringify({ file, queries }));
  try {
    return JSON.parse((await reading).stdout) as Record<Name, Row[]>;
  } catch (cause) {
    throw new Fault("site_down", `the database could not be read: ${(cause as Error).message}`, {
      retryable: true,
      cause,
    });
  }
}
