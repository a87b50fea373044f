import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { parseAction } from "../text/action.ts";
import { createOwnSuite } from "./own-suite.ts";
import { CERTIFICATE, KEY } from "./testing/certificate.ts";

const DIRECTORY = fileURLToPath(new URL(".", import.meta.url));

// Only a secure page has secure cookies and the asynchronous clipboard.
const PAGE = `<title>Desk</title><label>User <input id=user></label><button id=in>Sign in</button><button id=paste>Paste</button><p id=out></p><script>
  const show = async () => {
    const user = localStorage.user && sessionStorage.tab && await (await fetch("/me")).text();
    if (user) out.textContent = "Hello " + user;
  };
  document.getElementById("in").onclick = async () => {
    localStorage.user = sessionStorage.tab = "yes";
    await fetch("/in?user=" + document.getElementById("user").value);
    await show();
  };
  paste.onclick = () => navigator.clipboard.readText().then((text) => { out.textContent = "pasted " + text }, ({ name }) => { out.textContent = name });
  show();
</script>`;

test("a login over HTTPS with a certificate of the site's own holds in the episode, if the site says so", async () => {
  let resets = 0;
  const server = createServer({ key: KEY, cert: CERTIFICATE }, (request, response) => {
    const url = new URL(request.url!, "https://127.0.0.1");
    if (url.pathname === "/reset") {
      resets++;
      response.writeHead(204).end();
    } else if (url.pathname === "/me")
      response.end(/__Host-user=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? "");
    else if (url.pathname === "/in")
      response
        .writeHead(204, {
          "set-cookie": `__Host-user=${url.searchParams.get("user")}; Secure; Path=/; HttpOnly; SameSite=Strict`,
        })
        .end();
    else response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html>${PAGE}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const make = (selfSigned: boolean) =>
    createOwnSuite(
      {
        name: "desk",
        baseUrl: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
        selfSigned,
        reset: { path: "/reset" },
        login: [{ open: "/" }, { fill: "User", text: "Ann" }, { click: "Sign in" }, { see: "Hello Ann" }],
        tasks: [{ id: "look", instruction: "Look." }],
      },
      DIRECTORY,
    );
  try {
    const suite = make(true);
    await using site = await suite.createSite();
    await using episode = await site.start(suite.tasks()[0]!, { seed: 1 });
    expect(episode.first.text).toContain("Hello Ann");
    expect(resets).toBe(1);
    // Refused, as for any visitor who has not given permission.
    const pasted = await episode.step(parseAction('do(action="Click", element="button Paste")'));
    expect(pasted.observation?.text).toContain("NotAllowedError");
    await expect(
      make(false)
        .createSite()
        .then(async (other) => other.start(suite.tasks()[0]!, { seed: 1 })),
    ).rejects.toThrow(ConfigError);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
