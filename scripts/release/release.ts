/**
 * @file `npm run release -- VERSION`: tests everything, then builds and packs the version into `release/` with notes
 * from CHANGELOG.md. It publishes, commits and tags nothing: the commands for that are its last lines.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isLater, releaseChangelog } from "./changelog.ts";

/** What went wrong is on the terminal already. */
function run(command: string, ...args: string[]): void {
  try {
    execFileSync(command, args, { stdio: "inherit" });
  } catch {
    stop(
      `\`${[command, ...args].join(" ")}\` failed; nothing was published. \`git status\` shows what has changed`,
    );
  }
}
const read = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: "utf8" }).trim();

function stop(message: string): never {
  process.stderr.write(`release: ${message}\n`);
  process.exit(2);
}

const [version = ""] = process.argv.slice(2);
const { version: last } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
if (!/^\d+\.\d+\.\d+$/.test(version)) stop("say which version, for example: npm run release -- 0.2.0");
// The version of package.json itself may not have been released yet; the changelog knows.
if (version !== last && !isLater(version, last)) stop(`${version} does not come after ${last}`);
if (read("git", "status", "--porcelain") !== "") stop("commit or remove what `git status` shows first");
const changelog = readFileSync("CHANGELOG.md", "utf8");
let released: ReturnType<typeof releaseChangelog>;
try {
  released = releaseChangelog(changelog, version, new Date().toISOString().slice(0, 10));
} catch (error) {
  stop((error as Error).message);
}

// First of all, so that a failure leaves everything as it was.
run("npm", "ci");
run("npm", "test");

run("npm", "version", version, "--no-git-tag-version", "--allow-same-version");
writeFileSync("CHANGELOG.md", released.changelog);
mkdirSync("release", { recursive: true });
run("npm", "pack", "--pack-destination", "release");
writeFileSync(`release/notes-${version}.md`, released.notes);

process.stdout.write(`
release/webrl-${version}.tgz and release/notes-${version}.md are ready. Nothing has been published. Read both, then:

  git commit --all --message "Version ${version}" && git tag --annotate v${version} --message "Version ${version}" && git push --follow-tags
  npm publish release/webrl-${version}.tgz
  gh release create v${version} release/webrl-${version}.tgz --notes-file release/notes-${version}.md
`);
