/** @file The fake server behind a real port, which can break the n-th connection at the level of the socket. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Send } from "../client/transport.ts";

/** `unread`: closed before the request is handled. `unanswered`: after it was. `half`: in the middle of the answer. */
export type SocketBreak = "unread" | "unanswered" | "half";

export interface ListeningFake extends AsyncDisposable {
  url: string;
  /** Requests so far, heartbeats not counted. */
  readonly requests: number;
}

export async function listenFake(
  send: Send,
  broken?: { at: number; how: SocketBreak },
): Promise<ListeningFake> {
  let requests = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts);
      const isBytes = request.headers["content-type"] === "application/x-protobuf";
      const path = request.url!.replace("/api/v1/", "");
      const how = path !== "session_heartbeat" && requests++ === broken?.at ? broken.how : null;
      if (how === "unread") return void request.socket.destroy();
      const outgoing = {
        path,
        timeoutMs: 0,
        ...(body.length > 0 && {
          body: isBytes ? new Uint8Array(body) : (JSON.parse(body.toString()) as object),
        }),
      };
      void send(outgoing).then((reply) => {
        if (how === "unanswered") return void request.socket.destroy();
        response.writeHead(reply.status, {
          "content-type": reply.isProtobuf ? "application/x-protobuf" : "application/json",
          "content-length": reply.bytes.length,
        });
        if (how === null) return void response.end(reply.bytes);
        response.write(reply.bytes.subarray(0, reply.bytes.length / 2), () => request.socket.destroy());
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
