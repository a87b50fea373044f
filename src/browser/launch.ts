/**
 * @file Finds and starts Chromium. On Linux x64 it comes with the npm package `@sparticuz/chromium` (unpacked once into
 * the user's cache); elsewhere an installed Chrome or Playwright's own download is used. `connect.ts` connects to
 * browsers that run elsewhere.
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir, hostname } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { z } from "zod";
import { ConfigError, Fault } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { isAlive } from "../core/process-owner.ts";
import { withProfileDirectory } from "./profiles.ts";
import { browserBlockSchema, checkEndpoints } from "../core/browser-settings.ts";
import { joinBrowser, nameOf } from "./connect.ts";
import { playwright } from "./playwright.ts";

export const browserConfigSchema = z.strictObject({
  executable: z.string().optional().describe("Path of a Chromium or Chrome to use instead of the one found."),
  headed: z.boolean().default(false).describe("Show the browser's window to a person."),
  ...browserBlockSchema.shape,
});

/** Which browsers run the episodes, and with what window, language and time zone. */
export type BrowserConfig = z.input<typeof browserConfigSchema> & {
  /**
   * Called when a browser elsewhere goes away, does not answer, or is available again; and while a server that webrl
   * started has not shown its first page.
   */
  onTrouble?: ((message: string) => void) | undefined;
};

export interface BrowserInfo {
  source: "packaged" | "configured" | "playwright" | "installed" | "remote";
  /** Path of the executable, or the endpoint. */
  location: string;
  /** A packaged browser that still has to be unpacked (about 3 s, 250 MB). */
  unpacked: boolean;
}

const INSTALLED: Partial<Record<NodeJS.Platform, string[]>> = {
  linux: [
    "/usr/bin/google-chrome",
    "/usr/bin/google-chrome-stable",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/snap/bin/chromium",
  ],
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  ],
  win32: ["ProgramFiles", "ProgramFiles(x86)", "LocalAppData"].flatMap((name) => {
    const root = process.env[name];
    return root
      ? [
          join(root, "Google/Chrome/Application/chrome.exe"),
          join(root, "Microsoft/Edge/Application/msedge.exe"),
        ]
      : [];
  }),
};

/**
 * `WEBRL_BROWSER`, a path or an address, is used if the configuration names no browser. Throws a `ConfigError` if an
 * endpoint is invalid.
 */
export function resolveBrowser(config: BrowserConfig): z.output<typeof browserConfigSchema> {
  const named = process.env["WEBRL_BROWSER"];
  const { onTrouble: _, ...settings } = config;
  const given = browserConfigSchema.parse(settings);
  if (!named || given.executable || given.endpoints.length > 0) {
    checkEndpoints(given.endpoints);
    return given;
  }
  // It comes from the environment and is not written into any file, so it may contain a key.
  if (/^wss?:\/\//.test(named)) return { ...given, endpoints: [{ playwright: named, weight: 1, max: null }] };
  if (/^https?:\/\//.test(named)) return { ...given, endpoints: [{ cdp: named, weight: 1, max: null }] };
  return { ...given, executable: named };
}

/**
 * The browser that {@link launchBrowser} would use. Starts and unpacks nothing; throws a `ConfigError` if there is
 * none.
 */
export async function browserInfo(options: BrowserConfig = {}): Promise<BrowserInfo> {
  const config = resolveBrowser(options);
  if (config.endpoints.length > 0)
    return { source: "remote", location: config.endpoints.map(nameOf).join(", "), unpacked: true };
  if (config.executable) {
    if (!existsSync(config.executable))
      throw new ConfigError(
        `there is no browser at ${config.executable}`,
        "Give WEBRL_BROWSER (or the option `executable`) the path of a Chromium or Chrome, or leave it out.",
      );
    return { source: "configured", location: config.executable, unpacked: true };
  }
  const packaged = await packagedBrowser();
  if (packaged)
    return { source: "packaged", location: packaged.executable, unpacked: existsSync(packaged.executable) };
  const own = playwright().chromium.executablePath();
  if (existsSync(own)) return { source: "playwright", location: own, unpacked: true };
  const installed = (INSTALLED[process.platform] ?? []).find((path) => existsSync(path));
  if (installed) return { source: "installed", location: installed, unpacked: true };
  throw new ConfigError(
    `no browser found on ${process.platform} ${process.arch}`,
    "Run `npx playwright-core install chromium`, install Google Chrome, or set WEBRL_BROWSER to the path of a Chrome.",
  );
}

/**
 * Chromium's switches on top of Playwright's. The proxy of their context is the only way out for pages: WebRTC may not
 * bypass it with UDP, the browser does not resolve names, and whatever belongs to no context gets a dead proxy.
 */
export function switches(proxyHost: string): string[] {
  return [
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${proxyHost}`,
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-quic",
    "--no-pings",
    "--no-first-run",
    "--disable-gpu",
    "--font-render-hinting=none",
    "--disable-features=MediaRouter,OptimizationHints,Translate,AutofillServerCommunication,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
    // Chromium does not run its sandbox as root.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
}

/** A window needs a browser that has one, and somewhere to be shown. */
function assertWindow({ source, location }: BrowserInfo): void {
  const refuse = (why: string, hint: string): never => {
    throw new ConfigError(`no window can be shown: ${why}`, hint);
  };
  if (source === "packaged")
    refuse(
      "the packaged Chromium has none",
      "Set WEBRL_BROWSER to the path of a Chrome or Chromium, or leave the window out.",
    );
  if (source === "remote")
    refuse(`the browser at ${location} was started elsewhere`, "Start it there with a window.");
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (process.platform === "linux" && !DISPLAY && !WAYLAND_DISPLAY)
    refuse("there is no display (DISPLAY is not set)", "Start it on a desktop, or leave the window out.");
}

/**
 * Starts a browser, or connects to the first endpoint. Throws a `ConfigError` if there is none, and a `Fault` if it
 * does not start.
 */
export async function launchBrowser(config: BrowserConfig = {}): Promise<Browser> {
  const { endpoints, proxyHost, headed } = resolveBrowser(config);
  if (headed) assertWindow(await browserInfo(config));
  if (endpoints[0]) return joinBrowser(endpoints[0], switches(proxyHost));
  const info = await browserInfo(config);
  const packaged = info.source === "packaged" ? await unpack() : null;
  const launch = (env: Record<string, string>) =>
    withProfileDirectory((temporary) =>
      playwright().chromium.launch({
        executablePath: info.location,
        headless: !headed,
        args: switches(proxyHost),
        // Playwright leaves it off by default.
        chromiumSandbox: process.getuid?.() !== 0,
        proxy: { server: "http://127.0.0.1:9" },
        env: { ...(process.env as Record<string, string>), ...env, ...temporary },
        timeout: 60_000,
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      }),
    );
  // Machines without fonts of their own use the packaged ones.
  const fonts: Record<string, string> =
    packaged && !existsSync("/etc/fonts/fonts.conf")
      ? { FONTCONFIG_FILE: join(packaged.directory, "fonts.conf") }
      : {};
  try {
    return await launch(fonts);
  } catch (cause) {
    // A bare machine lacks the NSS libraries, which the package contains.
    if (packaged && /error while loading shared libraries/.test(String(cause)))
      try {
        return await launch({ ...fonts, LD_LIBRARY_PATH: join(packaged.directory, "al2023", "lib") });
      } catch (second) {
        throw launchError("the packaged Chromium", second);
      }
    throw launchError(info.location, cause);
  }
}

const SANDBOX_REMEDY =
  "On Ubuntu 23.10 and newer run `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, or set WEBRL_BROWSER to an installed Google Chrome; in a container allow user namespaces, or run as its root, where Chromium starts without a sandbox (docs/install.md).";

const firstLine = (error: unknown) =>
  String((error as Error).message)
    .split("\n")
    .slice(0, 2)
    .join(" ")
    .slice(0, 300);

function launchError(which: string, cause: unknown): ConfigError | Fault {
  if (/No usable sandbox|sandboxing failed/.test(String(cause)))
    return new ConfigError(`this machine does not let ${which} make its sandbox`, SANDBOX_REMEDY, { cause });
  return new Fault("browser_launch_failed", `${which} does not start: ${firstLine(cause)}`, {
    retryable: true,
    cause,
  });
}

interface Packaged {
  directory: string;
  executable: string;
  /** Entry of the npm package. */
  entry: string;
}

async function packagedBrowser(): Promise<Packaged | null> {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  const require = createRequire(import.meta.url);
  let entry: string;
  try {
    entry = require.resolve("@sparticuz/chromium");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
  const manifest = join(dirname(entry), "..", "..", "package.json");
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const directory = join(cache, "webrl", `chromium-${version}`);
  return { directory, executable: join(directory, "chromium"), entry };
}

/** What was left behind by processes that were killed while unpacking. */
async function removePartial(directory: string): Promise<void> {
  const cache = dirname(directory);
  for (const name of existsSync(cache) ? await readdir(cache) : []) {
    const pid = /^chromium-.*\.(\d+)\.partial$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive({ pid: Number(pid), host: hostname(), started: null }))
      await rm(join(cache, name), { recursive: true, force: true });
  }
}

let unpacking: Promise<Packaged> | undefined;

/**
 * Unpacks the packaged browser if that was not done before. The package unpacks into its process's temporary directory
 * and takes a half-written file there for a complete one, so a child process unpacks into a separate directory, which
 * is renamed when it is complete.
 */
function unpack(): Promise<Packaged> {
  unpacking ??= (async () => {
    const packaged = (await packagedBrowser())!;
    if (existsSync(packaged.executable)) return packaged;
    const staging = `${packaged.directory}.${process.pid}.partial`;
    try {
      await removePartial(packaged.directory);
      await makeDirectory(staging);
      const script = `const m = require(${JSON.stringify(packaged.entry)}); (m.default ?? m).executablePath().then(() => {}, (e) => { console.error(e.message); process.exit(1); })`;
      await promisify(execFile)(process.execPath, ["-e", script], {
        // The variable makes it unpack the libraries of NSS, too.
        env: { ...process.env, TMPDIR: staging, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" },
      });
      // The package's own configuration looks for the fonts where it does not unpack them here.
      const fonts = `<fontconfig><dir>${packaged.directory}/fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>`;
      await writeFile(join(staging, "fonts.conf"), fonts);
      await makeDirectory(dirname(packaged.directory));
      await rename(staging, packaged.directory).catch((error: NodeJS.ErrnoException) => {
        // Another process was faster.
        if (!existsSync(packaged.executable)) throw error;
      });
    } catch (cause) {
      unpacking = undefined;
      throw new ConfigError(
        `the packaged Chromium could not be unpacked into ${packaged.directory}: ${firstLine(cause)}`,
        "Free about 300 MB there, or set XDG_CACHE_HOME to a directory that can be written.",
        { cause },
      );
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
    return packaged;
  })();
  return unpacking;
}
