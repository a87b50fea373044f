/** @file The font that pages were recorded with: the widths of words decide where lines wrap. */

import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const DEJAVU = "/usr/share/fonts/truetype/dejavu";

/**
 * The system's configuration of fontconfig with that font alone, whatever else is installed; `null` if the font is not
 * installed, and pages look as they do on this machine. Give the path to a browser as `FONTCONFIG_FILE`.
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
