/** @file What a user's own site declares for the gate: irreversible requests, and the secrets that agents type. */

import type { Declarations } from "../browser/guard.ts";
import type { Secret, Secrets } from "../browser/typed-secrets.ts";
import type { IrreversibleRequest } from "../core/effect.ts";
import { ConfigError } from "../core/errors.ts";
import type { SiteDefinition } from "../sites/define-site.ts";
import { keepSecret } from "../text/secrets.ts";

/** The declarations for an episode on the instance at `baseUrl`. Throws a `ConfigError` when a secret is missing. */
export function readDeclared(
  { name: site, irreversible = [], secrets = {} }: SiteDefinition,
  baseUrl: string,
): { irreversible: Declarations; secrets?: Secrets } {
  const { host } = new URL(baseUrl);
  const byHost = new Map<string, IrreversibleRequest[]>();
  for (const declared of irreversible) {
    const url = new URL(declared.path, baseUrl);
    // `new URL` would encode a `:name` or a `*` in some places, so the path is kept as written.
    const path = declared.path.replace(/^https?:\/\/[^/]+/, "");
    byHost.set(url.host, [...(byHost.get(url.host) ?? []), { ...declared, path }]);
  }
  const known = Object.entries(secrets).map(([name, { env, hosts = [host], fields }]): [string, Secret] => {
    const value = process.env[env];
    if (!value)
      throw new ConfigError(
        `the secret ${name} of ${site} comes from the environment variable ${env}, which is not set`,
        "Set it, or remove the secret from the definition.",
      );
    keepSecret(value, `the environment variable ${env} (secrets.${name})`);
    return [name, { value, hosts, fields }];
  });
  return { irreversible: byHost, ...(known.length > 0 && { secrets: new Map(known) }) };
}
