/**
 * @file Reads server-sent events with `fetch`: unlike `EventSource`, it can send the token in a header instead of the
 * address.
 */

/**
 * Calls `on` for every event until the stream ends. `id`: the event's id for `Last-Event-ID`; `null` if it has none.
 */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  on: (type: string, id: number | null, data: string) => void,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      readEvent(text.slice(0, end), on);
      text = text.slice(end + 2);
    }
  }
}

function readEvent(block: string, on: (type: string, id: number | null, data: string) => void): void {
  let type = "message";
  let id: number | null = null;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) type = line.slice(7);
    else if (line.startsWith("id: ")) id = Number(line.slice(4));
    else if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  if (data.length > 0) on(type, id, data.join("\n"));
}
