/** @file The contract of a chat model on a server: messages in, one text out. Unlike engines, it knows no tokens. */

export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

/** One request to a chat model: the messages so far, and how to sample the reply. */
export interface ChatRequest {
  messages: readonly ChatMessage[];
  /** The most tokens in the reply, thoughts included. Default: the model's own setting. */
  maxTokens?: number;
  /** 0 is greedy. */
  temperature: number;
  topP?: number;
  /** Passed on to the server, which may ignore it. */
  seed?: number;
  signal?: AbortSignal;
}

/** What requests have used. */
export interface ChatUsage {
  /** Requests that were sent, failed attempts included. */
  requests: number;
  /** Tokens of prompts, including `cachedTokens`. */
  promptTokens: number;
  /** Tokens of prompts that the server had in its cache. */
  cachedTokens: number;
  /** Tokens of replies, thoughts included. */
  completionTokens: number;
  /** In the currency of the price; absent if no price is set. */
  cost?: number;
}

/** A whole reply of a chat model. */
export interface ChatReply {
  /** The reply without thoughts. Empty if the model only thought. */
  text: string;
  /**
   * Why it ends: the model was done; it was cut off; it called a tool, although none was offered; it refused, or the
   * server's filter withheld the reply. Only `stop` is a complete answer.
   */
  stop: "stop" | "length" | "tool_call" | "refusal";
  /** Usage of this call; absent if the model does not count. */
  usage?: ChatUsage;
}

/** A chat model that gives complete replies: it can act, judge and propose tasks, but cannot be trained. */
export interface ChatModel {
  readonly name: string;
  /**
   * Throws a `Fault` (`model_server_failed`) once the bounded retries are used up, a `ConfigError` if the server
   * refuses key, model or address, and `BudgetSpent`; rejects with `signal.reason` when aborted.
   */
  chat(request: ChatRequest): Promise<ChatReply>;
  /** Sends one request for one token. Returns what keeps the server from answering, or `null`. */
  probe?(signal?: AbortSignal): Promise<string | null>;
}
