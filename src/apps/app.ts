/**
 * @file A real application to train and measure on: what it needs, how it is installed into a folder, and the site that
 * it is once it is installed. `tasks/apps.ts` runs it; its site is one as users define them (`sites/define-site.ts`).
 */

import type { SiteDefinition } from "../sites/define-site.ts";

/** Runs a shell command in the folder to its end. Throws with the end of its output if it fails. */
export type RunCommand = (command: string) => Promise<void>;

export interface App {
  name: string;
  /** What it is, with its version. */
  title: string;
  /** Grows when `install` makes something else than before: what an earlier revision made is then made again. */
  revision: number;
  /** Debian packages, each with a file or folder that it brings. */
  packages: Readonly<Record<string, string>>;
  /** Installs into the folder, which is empty, and makes the state that every copy begins with. */
  install(directory: string, run: RunCommand): Promise<void>;
  /** The application as it is installed in the folder. Its copies keep what they have in `copies/PORT`. */
  site(directory: string): SiteDefinition;
}
