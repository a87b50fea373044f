/** @file The font that pages were recorded with: the widths of words decide where lines wrap. */

import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const DEJAVU = "/usr/share/fonts/truetype/dejavu";

/**
 * The system's configuration of fontconfig with that font alone, whatever else is installed; `null` where it is not,
 * and pages look as the machine has them. To be `FONTCONFIG_FILE` of a browser.
 */
export async function recordedFonts(): Promise<string | null> {
  if (!existsSync(DEJAVU)) return null;
  const directory = await mkdtemp(join(tmpdir(), "webrl-fonts-"));
  const file = join(directory, "fonts.conf");
  await writeFile(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${DEJAVU}</dir><include ignore_missing="yes">/etc/fonts/conf.d</include><cachedir>${directory}</cachedir></fontconfig>`,
  );
  return file;
}
