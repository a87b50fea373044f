/** @file Reads a mail: its headers, and the text of its first part that is plain text. */

export interface ParsedMail {
  /** By name in lower case, unfolded, encoded words decoded. */
  headers: Record<string, string>;
  /** Lines end with `\n`. */
  text: string;
}

export function parseMail(mail: string): ParsedMail {
  const lines = mail.replaceAll("\r\n", "\n");
  const end = lines.indexOf("\n\n");
  const headers = parseHeaders(end < 0 ? lines : lines.slice(0, end));
  const body = end < 0 ? "" : lines.slice(end + 2);
  const type = headers["content-type"] ?? "text/plain";
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary !== undefined) {
    const parts = body
      .split(`--${boundary}`)
      .slice(1, -1)
      .map((part) => parseMail(part.replace(/^\n/, "")));
    return {
      headers,
      text:
        (parts.find((part) => !/text\/html/i.test(part.headers["content-type"] ?? "")) ?? parts[0])?.text ??
        "",
    };
  }
  const decoded = decode(body, headers["content-transfer-encoding"] ?? "").replaceAll("\r\n", "\n");
  return { headers, text: /format=flowed/i.test(type) ? unflow(decoded) : decoded };
}

function parseHeaders(block: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of block.replace(/\n[ \t]+/g, " ").split("\n")) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) headers[name.toLowerCase()] = decodeWords(value!);
  }
  return headers;
}

/** `=?UTF-8?Q?…?=` and `=?UTF-8?B?…?=`. */
const decodeWords = (text: string) =>
  text
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?([QB])\?(.*?)\?=/gi, (_, how: string, word: string) =>
      /b/i.test(how) ? decode(word, "base64") : decode(word.replaceAll("_", " "), "quoted-printable"),
    );

function decode(text: string, encoding: string): string {
  if (/base64/i.test(encoding)) return Buffer.from(text, "base64").toString("utf8");
  if (!/quoted-printable/i.test(encoding)) return text;
  const bytes = text
    .replace(/=\n/g, "")
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** RFC 3676: a line that ends with a blank goes on in the next one; a blank at its beginning was put there. */
const unflow = (text: string) => text.replace(/^ /gm, "").replace(/(?<!^--) \n(?!>)/gm, " ");
