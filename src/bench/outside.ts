/**
 * @file Everything outside of an orchestrator, in a process of its own so that its work does not count: a model server
 * of the Tinker protocol, and browsers that fetch pages through the proxies of their episodes. `scale-outside.ts`
 * starts it and says when a sample is done.
 */

import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { encodeSampleResponse } from "../engine/tinker/wire/protobuf.ts";
import type { FromOutside, ToOutside } from "./scale-outside.ts";

const tell = (message: FromOutside) => process.send!(message);
let made = 0;
let tokens: number[] = [];
const results = new Map<string, object>();
/** Polls that wait for their sample. */
const held = new Map<string, ServerResponse>();

const answer = (response: ServerResponse, body: object | Uint8Array) => {
  const isBytes = body instanceof Uint8Array;
  response.writeHead(200, { "content-type": isBytes ? "application/x-protobuf" : "application/json" });
  response.end(isBytes ? body : JSON.stringify(body));
};
const queue = (result: object) => {
  const id = `f${made++}`;
  results.set(id, result);
  return { request_id: id };
};

interface Body {
  request_id?: string;
  forward_input?: { data: { loss_fn_inputs: { target_tokens: { data: number[] } } }[] };
}

function handle(path: string, body: Body, response: ServerResponse): void {
  switch (path) {
    case "get_server_capabilities":
      return answer(response, {
        supported_models: [{ model_name: "simulated", max_context_length: 16_384 }],
      });
    case "client/config":
      return answer(response, { pjwt_auth_enabled: false });
    case "create_session":
      return answer(response, { session_id: "session" });
    case "create_model":
      return answer(response, queue({ model_id: `m${made}` }));
    case "save_weights_for_sampler":
      return answer(response, queue({ path: null, sampling_session_id: `s${made}` }));
    case "forward": {
      const outputs = body.forward_input!.data.map(({ loss_fn_inputs: { target_tokens } }) => ({
        logprobs: {
          data: target_tokens.data.map(() => -1),
          dtype: "float32",
          shape: [target_tokens.data.length],
        },
      }));
      return answer(
        response,
        queue({ loss_fn_output_type: "scalar", loss_fn_outputs: outputs, metrics: {} }),
      );
    }
    case "asample":
      return answer(response, { request_id: `sample-${made++}` });
    case "retrieve_future": {
      const id = body.request_id!;
      if (id.startsWith("sample-")) {
        held.set(id, response);
        return void tell({ kind: "held", id });
      }
      const result = results.get(id) ?? {};
      results.delete(id);
      return answer(response, result);
    }
    default:
      return answer(response, queue({}));
  }
}

const server = createServer((incoming, response) => {
  const parts: Buffer[] = [];
  incoming.on("data", (part: Buffer) => parts.push(part));
  incoming.on("end", () => {
    const text = Buffer.concat(parts).toString();
    handle(incoming.url!.replace("/api/v1/", ""), (text === "" ? {} : JSON.parse(text)) as Body, response);
  });
});

function fetchPage({ id, proxyPort, url }: Extract<ToOutside, { kind: "fetch" }>): void {
  const asked = request({ host: "127.0.0.1", port: proxyPort, path: url }, (response) => {
    response.resume();
    response.on("end", () => tell({ kind: "fetched", id, ok: response.statusCode === 200 }));
  });
  asked.on("error", () => tell({ kind: "fetched", id, ok: false }));
  asked.end();
}

process.on("message", (message: ToOutside) => {
  if (message.kind === "tokens") tokens = message.tokens;
  else if (message.kind === "fetch") fetchPage(message);
  else {
    const response = held.get(message.id)!;
    held.delete(message.id);
    const sequence = { tokens, logprobs: tokens.map(() => -0.1), stop_reason: "stop" as const };
    answer(response, encodeSampleResponse({ sequences: [sequence] }));
  }
});
// Connections must not close while virtual time stands still.
server.keepAliveTimeout = 600_000;
process.on("disconnect", () => process.exit(0));
server.listen(0, "127.0.0.1", () =>
  tell({ kind: "listening", port: (server.address() as AddressInfo).port }),
);
