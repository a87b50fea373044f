/** @file Request Tracker, a help desk in Perl with its data in SQLite; from Debian's packages. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineSite } from "../../sites/define-site.ts";
import type { LoginStep } from "../../sites/define-site.ts";
import type { App } from "../app.ts";
import { BRANCHES, LEVELS, MEMBERS, PASSWORD, QUEUES, STAFF, TICKETS } from "./content.ts";
import { FILL } from "./fill.ts";
import { SIGNED_IN } from "./members.ts";
import { templates } from "./templates.ts";

const CONFIG = `
Set($rtname, 'larkmoor.example');
Set($Organization, 'larkmoor.example');
Set($CorrespondAddress, 'desk@larkmoor.example');
Set($CommentAddress, 'notes@larkmoor.example');
Set($WebDomain, '127.0.0.1');
Set($WebPort, $ENV{PORT} || 80);
Set($Timezone, 'UTC');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, "$ENV{DESK_DATA}/rt.db");
Set($SendmailPath, '/bin/true');
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'warning');
# So that what is written in pages is plain text.
Set($MessageBoxRichText, 0);
Set($ShowHistory, 'always');
# Passwords are checked before every episode.
Set($BcryptCost, 4);
$RT::VarPath = $ENV{DESK_DATA};
$RT::MasonSessionDir = "$ENV{DESK_DATA}/sessions";
# Compiled pages, which all copies share.
$RT::MasonDataDir = "$ENV{DESK_HOME}/mason";
1;
`;

/** Tells the programs of the package where this folder's configuration is. */
const HERE = 'RT_SITE_CONFIG="$PWD/site.pm" RT_SITE_CONFIG_DIR="$PWD/none" DESK_HOME="$PWD" DESK_DATA="$PWD/';

/** Restores every table in one transaction: the server keeps its connection, and sees that the file has changed. */
const RESTORE = `
echo "ATTACH 'prepared/rt.db' AS prepared; BEGIN IMMEDIATE;" > restore.sql
sqlite3 prepared/rt.db "SELECT 'DELETE FROM main.' || name || '; INSERT INTO main.' || name || ' SELECT * FROM prepared.' || name || ';'
  FROM sqlite_master WHERE type = 'table'" >> restore.sql
echo "COMMIT;" >> restore.sql`;

const logins = (): Record<string, LoginStep[]> =>
  Object.fromEntries(
    [STAFF[0]!, ...SIGNED_IN].map(({ id }) => [
      id,
      [
        { open: "/" },
        { fill: "user", text: id },
        { fill: "pass", text: PASSWORD },
        { click: "Login" },
        { see: `Logged in as ${id}` },
      ],
    ]),
  );

export const requesttracker: App = {
  name: "requesttracker",
  title: "Request Tracker 5, a help desk",
  revision: 1,
  packages: {
    "request-tracker5": "/usr/share/request-tracker5/lib/RT.pm",
    "rt5-standalone": "/usr/share/perl5/Starlet/Server.pm",
    "rt5-db-sqlite": "/usr/share/doc/rt5-db-sqlite",
    sqlite3: "/usr/bin/sqlite3",
    // The package depends on any one mail program. If none is named, Debian takes exim4, which runs as a server.
    "msmtp-mta": "/usr/sbin/sendmail",
  },
  install: async (directory, run) => {
    await Promise.all(["none", "prepared", "mason"].map((name) => mkdir(join(directory, name))));
    await writeFile(join(directory, "site.pm"), CONFIG);
    await writeFile(join(directory, "fill.pl"), FILL);
    await writeFile(
      join(directory, "content.json"),
      JSON.stringify({
        queues: QUEUES,
        branches: BRANCHES,
        staff: STAFF,
        members: MEMBERS,
        password: PASSWORD,
        tickets: TICKETS.map((ticket) => ({ ...ticket, priority: LEVELS[ticket.level] })),
      }),
    );
    await run(`${HERE}prepared" /usr/sbin/rt-setup-database-5 --action init --skip-create`);
    await run(`${HERE}prepared" perl fill.pl`);
    await run(RESTORE);
  },
  site: (directory) =>
    defineSite({
      name: "requesttracker",
      description:
        "the help desk of a library, in Request Tracker: staff read, answer, comment, assign, move, link, merge and close tickets in four queues and search them; members write tickets and follow their own",
      infeasible: ["sending real mail", "telephone calls", "attaching files from a disk"],
      baseUrl: "http://127.0.0.1:{port}",
      start: {
        command: [
          "rm -rf copies/{port}",
          "mkdir -p copies/{port}/sessions",
          "cp prepared/rt.db copies/{port}/rt.db",
          `${HERE}copies/{port}" exec /usr/share/request-tracker5/libexec/rt-server --server Starlet --max-workers 2 --timeout 10 --host 127.0.0.1 --port {port}`,
        ].join(" && "),
        readyPath: "/NoAuth/Login.html",
        timeoutMs: 300_000,
        instances: 8,
      },
      reset: { command: "sqlite3 -bail -cmd '.timeout 30000' copies/{port}/rt.db < restore.sql" },
      login: logins(),
      templates: templates(directory),
    }),
};
