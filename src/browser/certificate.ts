/** @file Makes a self-signed certificate, so that a guarded episode's HTTPS can end in its own proxy. */

import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";

/** DER, ITU-T X.690: tag, length, content. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 256 ? [length] : [length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content]);
}
const sequence = (...parts: Buffer[]) => der(0x30, ...parts);

/** ecdsa-with-SHA256 and commonName, as object identifiers. */
const ECDSA_SHA256 = sequence(Buffer.from("06082a8648ce3d040302", "hex"));
const COMMON_NAME = Buffer.from("0603550403", "hex");

let made: SecureContext | undefined;

/** Made once per process. The browser is told to accept it; the proxy checks the real certificates. */
export function ownCertificate(): SecureContext {
  if (made) return made;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from("webrl")))));
  const year = new Date().getUTCFullYear();
  const at = (of: number) => der(0x17, Buffer.from(`${of % 100}0101000000Z`));
  const serial = der(0x02, Buffer.concat([Buffer.from([0x4d]), randomBytes(8)]));
  const key = publicKey.export({ type: "spki", format: "der" });
  // RFC 5280, 4.1: version 1, which has no extensions.
  const body = sequence(serial, ECDSA_SHA256, name, sequence(at(year - 1), at(year + 2)), name, key);
  const signature = der(0x03, Buffer.from([0]), sign("sha256", body, privateKey));
  const certificate = sequence(body, ECDSA_SHA256, signature).toString("base64");
  return (made = createSecureContext({
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`,
  }));
}
