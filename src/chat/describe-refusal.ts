/** @file Describes what a server refuses permanently, and what to do about it. */

interface Refusal {
  status: number | undefined;
  code: string | null | undefined;
  /** The server's words, without secrets. */
  said: string;
  model: string;
  /** Host and port. */
  where: string;
}

const TOO_LONG =
  /context_length|context (?:length|size|window)|exceeds? the (?:available|maximum) context|maximum context|too many tokens|prompt is too long/i;

/** `null` if it may pass with time, or concerns only one request. */
export function describeRefusal({
  status,
  code,
  said,
  model,
  where,
}: Refusal): { message: string; hint: string } | null {
  const because = `: ${said}`;
  if (status === 401 || (status === 403 && code !== "content_filter"))
    return {
      message: `${where} refused the key (${status})${because}`,
      hint: "Set OPENAI_API_KEY to a key of this server.",
    };
  if (status === 402 || (status === 429 && /quota|billing/.test(`${code} ${said}`)))
    return {
      message: `${where} demands payment (${status})${because}`,
      hint: "Check the account of the key.",
    };
  if (status === 404)
    return {
      message: `${where} has no model ${JSON.stringify(model)}, or nothing at this address (404)${because}`,
      hint: "Name a model that the server has (GET …/v1/models lists them), and its base URL up to /v1.",
    };
  if (status === 421)
    return {
      message: `${where} redirects${because}`,
      hint: "Name the address to which it redirects.",
    };
  if (status === 405 || status === 501)
    return {
      message: `${where} does not accept chat completions (${status})`,
      hint: "Give the base URL up to /v1.",
    };
  if (
    (status === 400 || status === 413 || status === 422) &&
    (code === "context_length_exceeded" || TOO_LONG.test(said))
  )
    return {
      message: `${where} reads fewer tokens than a request has (${status})${because}`,
      hint: "Lower llm.contextTokens to what the server reads, or start it with a larger context.",
    };
  return null;
}
