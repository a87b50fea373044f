/**
 * @file Roundcube, mail in the browser, with Dovecot's mail boxes; from Debian's packages. What is sent is kept as a
 * file: nothing leaves the machine.
 */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeDirectory } from "../../core/make-directory.ts";
import { defineSite } from "../../sites/define-site.ts";
import type { App } from "../app.ts";
import { colleagues, DOMAIN, folders, mailText, messages, USERS } from "./content.ts";
import { DOVECOT, DOVECOT_AS_USER, ROUNDCUBE, SINK, START } from "./files.ts";
import { mailChecks } from "./state.ts";
import { templates } from "./templates.ts";

/**
 * Where copies keep their mail: Dovecot reads boxes as a user of its own, who may not be able to reach the
 * application's folder, and its sockets need short names.
 */
const copiesFolder = () => join(tmpdir(), `webrl-roundcube-${process.getuid?.() ?? 0}`);

export const roundcube: App = {
  name: "roundcube",
  title: "Roundcube 1.6 and Dovecot, mail",
  revision: 3,
  packages: {
    "roundcube-core": "/var/lib/roundcube/public_html/index.php",
    "roundcube-sqlite3": "/usr/share/doc/roundcube-sqlite3",
    "dovecot-imapd": "/usr/lib/dovecot/imap",
    "php-cli": "/usr/bin/php",
    "php-sqlite3": "/usr/lib/php/20220829/pdo_sqlite.so",
  },
  install: async (directory, run) => {
    const files: Record<string, string> = {
      "config/config.inc.php": ROUNDCUBE,
      "config/defaults.inc.php": "<?php include '/etc/roundcube/defaults.inc.php';\n",
      "config/mimetypes.php": "<?php return include '/etc/roundcube/mimetypes.php';\n",
      "dovecot.conf": DOVECOT + (process.getuid?.() === 0 ? "" : DOVECOT_AS_USER),
      "sink.php": SINK,
      "start.sh": START,
      users: USERS.map(({ user, password }) => `${user}:{PLAIN}${password}\n`).join(""),
      "content.sql": contentSql(),
      ...boxFiles(),
    };
    for (const [name, text] of Object.entries(files)) {
      await makeDirectory(dirname(join(directory, name)));
      await writeFile(join(directory, name), text);
    }
    for (const name of ["opcache", "prepared/outbox"]) await mkdir(join(directory, name));
    await run(
      `php -r '$db = new PDO("sqlite:prepared/mail.sqlite"); $db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);` +
        ` foreach (["/usr/share/roundcube/SQL/sqlite.initial.sql", "content.sql"] as $file) $db->exec(file_get_contents($file));'`,
    );
  },
  site: (directory) => {
    const mails = `${copiesFolder()}/{port}`;
    return defineSite({
      name: "roundcube",
      description:
        "Roundcube, the mail of a lamp maker's customer care: letters of customers in folders, which can be read, searched, answered, forwarded, moved, flagged and deleted; an address book, drafts, identities with signatures, canned responses",
      infeasible: [
        "filters and automatic answers",
        "calendars",
        "attachments from disk",
        "changing the password",
      ],
      baseUrl: "http://127.0.0.1:{port}",
      start: {
        command: `MAILS=${mails} exec sh ./start.sh`,
        // The number may have gone to another program since.
        stop: `pid=$(cat ${mails}/run/master.pid) && [ "$(cat /proc/$pid/comm)" = dovecot ] && kill $pid; rm -rf ${mails}`,
        env: { PHP_CLI_SERVER_WORKERS: "3" },
        readyPath: "/?_task=login",
        timeoutMs: 120_000,
        instances: 16,
      },
      reset: { command: `MAILS=${mails} sh ./start.sh reset` },
      login: Object.fromEntries(
        USERS.map(({ user, password }) => [
          user,
          [
            { open: "/?_task=login" },
            { fill: "Username", text: user },
            { fill: "Password", text: password },
            { click: "Login" },
            { see: `${user}@${DOMAIN}` },
          ],
        ]),
      ),
      templates: templates(
        mailChecks(join(directory, "prepared"), async (port) => {
          const copy = join(copiesFolder(), String(port));
          return join(copy, await readFile(join(copy, "current"), "utf8"));
        }),
      ),
    });
  },
};

/** The messages of every box as Maildir files, by path. Dovecot numbers them by their names. */
function boxFiles(): Record<string, string> {
  const files: Record<string, string> = {};
  const folderOf = (user: string, folder: string) =>
    `prepared/boxes/${user}${folder === "INBOX" ? "" : `/.${folder}`}`;
  for (const { user } of USERS) {
    files[`prepared/boxes/${user}/subscriptions`] = folders[user].map((name) => `${name}\n`).join("");
    for (const folder of folders[user]) files[`${folderOf(user, folder)}/maildirfolder`] = "";
  }
  messages.forEach((message, index) => {
    const time = Date.UTC(2026, 2, 2, 8) + index * 5_400_000;
    const marks = `${message.flagged ? "F" : ""}${message.seen ? "S" : ""}`;
    files[`${folderOf(message.user, message.folder)}/cur/${time / 1000}.${index}.post:2,${marks}`] = mailText(
      message,
      new Date(time),
    );
  });
  return files;
}

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;

function contentSql(): string {
  const lines = USERS.flatMap(({ user, name }, index) => {
    const id = index + 1;
    return [
      `INSERT INTO users (user_id, username, mail_host, created, language) VALUES (${id}, '${user}@${DOMAIN}', '127.0.0.2', '2026-03-01 09:00:00', 'en_US');`,
      `INSERT INTO identities (user_id, standard, name, email) VALUES (${id}, 1, ${quote(name)}, '${user}@${DOMAIN}');`,
      ...colleagues.map(({ name: full, email }) => {
        const [first, last] = full.split(" ");
        const card = `BEGIN:VCARD\r\nVERSION:3.0\r\nN:${last};${first};;;\r\nFN:${full}\r\nEMAIL;TYPE=INTERNET:${email}\r\nEND:VCARD`;
        return `INSERT INTO contacts (user_id, changed, name, email, firstname, surname, vcard, words) VALUES (${id}, '2026-03-01 09:00:00', ${quote(full)}, '${email}', '${first}', '${last}', ${quote(card)}, ${quote(` ${full.toLowerCase()} ${email} `)});`;
      }),
    ];
  });
  return `${lines.join("\n")}\n`;
}
