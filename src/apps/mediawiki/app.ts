/** @file MediaWiki, the wiki of Wikipedia, from Debian's packages; its database is SQLite, its server PHP's own. */

import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineSite } from "../../sites/define-site.ts";
import type { SiteCopy } from "../../sites/define-site.ts";
import type { App } from "../app.ts";
import { HISTORIES, MAIN_PAGE, SITE_NAME, USERS } from "./content.ts";
import { CURRENT, wikiChecks } from "./state.ts";
import { templates } from "./templates.ts";

const ROOT = "/usr/share/mediawiki";

/** Only what no edit changes is kept outside the database, so that its files are the whole state. */
const SETTINGS = `<?php
if ( !defined( 'MEDIAWIKI' ) ) exit;
$wgSitename = '${SITE_NAME}';
$wgMetaNamespace = 'Handbook';
$wgServer = 'http://127.0.0.1:' . getenv( 'PORT' );
$wgScriptPath = '';
$wgResourceBasePath = '';
$wgArticlePath = '/index.php/$1';
$wgDBtype = 'sqlite';
$wgDBname = 'wiki';
$wgSQLiteDataDir = getenv( 'DATA' ) . '/' . file_get_contents( getenv( 'DATA' ) . '/current' );
$wgMainCacheType = CACHE_NONE;
$wgMessageCacheType = CACHE_NONE;
$wgParserCacheType = CACHE_DB;
$wgSessionCacheType = CACHE_DB;
$wgLocalisationCacheConf['store'] = 'array';
$wgLocalisationCacheConf['storeDirectory'] = __DIR__ . '/l10n';
$wgLocalisationCacheConf['manualRecache'] = true;
// Of a wiki that nobody but this machine reaches.
$wgSecretKey = '${"ab".repeat(32)}';
$wgEnableEmail = false;
$wgPingback = false;
$wgLanguageCode = 'en';
$wgLocaltimezone = 'UTC';
$wgRCMaxAge = 20 * 365 * 86400;
$wgDefaultUserOptions['watchdefault'] = 0;
$wgDefaultUserOptions['watchcreations'] = 0;
$wgDefaultUserOptions['watchmoves'] = 0;
$wgDefaultUserOptions['watchdeletion'] = 0;
$wgDefaultUserOptions['watchrollback'] = 0;
// Redirects and moves that repeat quickly are no abuse here.
$wgRateLimits = [];
$wgPasswordAttemptThrottle = [];
$wgDefaultSkin = 'vector';
wfLoadSkin( 'Vector' );
`;

/**
 * The browser of every episode asks again for a page's scripts and styles. They never change here, so they are made
 * once.
 */
const ROUTER = String.raw`<?php
if ( strtok( $_SERVER['REQUEST_URI'], '?' ) !== '/load.php' || preg_match( '/modules=(site|user)/', $_SERVER['QUERY_STRING'] ) ) return false;
// The startup script has the copy's address in it.
$kept = ( str_contains( $_SERVER['QUERY_STRING'], 'startup' ) ? getenv( 'DATA' ) : __DIR__ ) . '/made-' . md5( $_SERVER['QUERY_STRING'] );
if ( is_readable( $kept ) ) {
	[ $headers, $body ] = unserialize( file_get_contents( $kept ) );
	array_map( 'header', $headers );
	echo $body;
	return true;
}
ob_start( static function ( $part, $phase ) use ( $kept ) {
	static $all = '';
	$all .= $part;
	if ( ( $phase & PHP_OUTPUT_HANDLER_FINAL ) && http_response_code() === 200 ) {
		file_put_contents( "$kept." . getmypid(), serialize( [ headers_list(), $all ] ) );
		rename( "$kept." . getmypid(), $kept );
	}
	return $part;
} );
require $_SERVER['DOCUMENT_ROOT'] . '/load.php';
`;

/** Compiled scripts are kept for the next copy, too. */
const CACHES =
  "-d opcache.enable_cli=1 -d opcache.file_cache=$(pwd)/opcache -d opcache.validate_timestamps=0 -d apc.enable_cli=1";

/** Installs into the folder that `current` names. */
const PHP = "MW_CONFIG_FILE=$(pwd)/settings.php DATA=$(pwd) PORT=80 php";

export const mediawiki: App = {
  name: "mediawiki",
  title: "MediaWiki 1.39, a wiki",
  revision: 1,
  packages: {
    mediawiki: `${ROOT}/index.php`,
    "php-cli": "/usr/bin/php",
    "php-sqlite3": "/usr/lib/php/20220829/pdo_sqlite.so",
    "php-apcu": "/usr/lib/php/20220829/apcu.so",
  },
  install: async (directory, run) => {
    await writeFile(join(directory, "settings.php"), SETTINGS);
    await writeFile(join(directory, "router.php"), ROUTER);
    await writeFile(join(directory, "content.xml"), contentXml());
    await writeFile(join(directory, "main.txt"), MAIN_PAGE);
    await writeFile(join(directory, CURRENT), "prepared");
    for (const name of ["l10n", "opcache"]) await mkdir(join(directory, name));
    const [warden, ...others] = USERS;
    await run(
      `php ${ROOT}/maintenance/install.php --dbtype sqlite --dbpath "$(pwd)/prepared" --dbname wiki --confpath "$(pwd)" ` +
        `--scriptpath "" --server http://127.0.0.1 --lang en --pass ${warden.password} "${SITE_NAME}" "${warden.name}" && rm LocalSettings.php`,
    );
    const maintain = async (script: string) => run(`${PHP} ${ROOT}/maintenance/${script}`);
    await maintain("rebuildLocalisationCache.php --lang=en");
    for (const { name, password } of others) await maintain(`createAndPromote.php "${name}" ${password}`);
    await maintain("importDump.php content.xml");
    await maintain(`edit.php --user "${warden.name}" --summary contents "Main Page" < main.txt`);
    for (const script of [
      "refreshLinks",
      "rebuildrecentchanges",
      "rebuildtextindex",
      "initSiteStats --update",
    ])
      await maintain(script.replace(/^\w+/, "$&.php"));
    await maintain("runJobs.php");
  },
  site: (directory) =>
    defineSite({
      name: "mediawiki",
      description:
        "a MediaWiki wiki, the handbook of a tram and ferry company: pages on stops, staff, trams, procedures and notices, with categories, histories and talk pages, which can be read, searched, written, edited by section, moved, redirected, protected, deleted, undone and watched",
      infeasible: ["sending e-mail", "uploading files", "shops and payments", "pictures"],
      baseUrl: "http://127.0.0.1:{port}",
      start: {
        command:
          "rm -rf copies/{port} && mkdir -p copies/{port} && cp -R prepared copies/{port}/0 && printf 0 > copies/{port}/current && " +
          `MW_CONFIG_FILE=$(pwd)/settings.php DATA=$(pwd)/copies/{port} exec php ${CACHES} -S 127.0.0.1:{port} -t ${ROOT} router.php`,
        env: { PHP_CLI_SERVER_WORKERS: "3" },
        readyPath: "/index.php/Main_Page",
        timeoutMs: 120_000,
        instances: 16,
      },
      reset: async (copy) => reset(directory, copy),
      login: Object.fromEntries(
        USERS.map(({ name, password }) => [
          name,
          [
            { open: "/index.php/Special:UserLogin" },
            { fill: "Username", text: name },
            { fill: "Password", text: password },
            { click: "Log in" },
            { see: name },
          ],
        ]),
      ),
      templates: templates(wikiChecks(directory)),
    }),
};

/**
 * Replaces the data by a fresh copy in another folder: whatever still writes has the old files. PHP remembers where a
 * symbolic link led, so the folder's number is in a file.
 */
async function reset(directory: string, { port }: SiteCopy): Promise<void> {
  const copy = join(directory, "copies", String(port));
  const old = await readFile(join(copy, CURRENT), "utf8");
  const next = String(Number(old) + 1);
  await cp(join(directory, "prepared"), join(copy, next), { recursive: true });
  await writeFile(join(copy, "next"), next);
  await rename(join(copy, "next"), join(copy, CURRENT));
  await rm(join(copy, old), { recursive: true });
}

const NAMESPACES: Readonly<Record<string, number>> = { Talk: 1, Category: 14 };
const escapeXml = (text: string) => text.replace(/[&<>]/g, (c) => `&#${c.codePointAt(0)};`);

function contentXml(): string {
  const pages = HISTORIES.map(({ title, revisions }, index) => {
    const texts = revisions.map(({ by, summary, text }, edit) => {
      const day = String(1 + (index % 28)).padStart(2, "0");
      return `<revision><timestamp>2026-0${1 + edit}-${day}T10:00:00Z</timestamp><contributor><username>${by}</username></contributor><comment>${escapeXml(summary)}</comment><model>wikitext</model><format>text/x-wiki</format><text xml:space="preserve">${escapeXml(text)}</text></revision>`;
    });
    return `<page><title>${title}</title><ns>${NAMESPACES[title.split(":")[0]!] ?? 0}</ns>${texts.join("")}</page>`;
  });
  return `<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">${pages.join("\n")}</mediawiki>\n`;
}
