import { expect, test } from "vitest";
import { parseMail } from "./parse-mail.ts";

test("headers are unfolded and their encoded words read", () => {
  const { headers, text } = parseMail(
    "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe_an?=\r\n =?UTF-8?B?IGFsbGU=?=\r\nTo: Ann <ann@x.example>,\r\n\tben@x.example\r\n\r\nHello\r\n",
  );
  expect(headers).toEqual({ subject: "Grüße an alle", to: "Ann <ann@x.example>, ben@x.example" });
  expect(text).toBe("Hello\n");
});

test("quoted-printable and base64 are decoded", () => {
  const of = (encoding: string, body: string) =>
    parseMail(`Content-Transfer-Encoding: ${encoding}\r\n\r\n${body}`).text;
  expect(of("quoted-printable", "a=\r\nb =3D c=C3=A9\r\n")).toBe("ab = cé\n");
  expect(of("base64", "T25lDQp0d28=\r\n")).toBe("One\ntwo");
});

test("flowed lines are joined, quoted ones and the mark of a signature are not", () => {
  const body = "A long line \r\ngoes on.\r\n> quoted \r\n> more\r\n-- \r\nAnn\r\n";
  expect(parseMail(`Content-Type: text/plain; format=flowed\r\n\r\n${body}`).text).toBe(
    "A long line goes on.\n> quoted \n> more\n-- \nAnn\n",
  );
});

test("of several parts, the first one that is no HTML is read", () => {
  const mail = [
    'Content-Type: multipart/alternative; boundary="=_b"',
    "",
    "--=_b",
    "Content-Type: text/html",
    "",
    "<b>Hello</b>",
    "--=_b",
    "Content-Type: text/plain",
    "",
    "Hello",
    "--=_b--",
    "",
  ].join("\r\n");
  expect(parseMail(mail).text.trim()).toBe("Hello");
});
