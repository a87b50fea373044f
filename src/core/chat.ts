/** @file The contract of a chat model behind a server: messages in, one text out. Engines have tokens; this has none. */

export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

/** One request to a chat model: the messages so far, and how to sample the reply. */
export interface ChatRequest {
  messages: readonly ChatMessage[];
  /** Tokens of the reply at most, thoughts included. Default: the model's own setting. */
  maxTokens?: number;
  /** 0 is greedy. */
  temperature: number;
  topP?: number;
  /** Passed on to servers that honour it; no promise. */
  seed?: number;
  signal?: AbortSignal;
}

/** What requests have used. */
export interface ChatUsage {
  /** Those that were sent, attempts that failed included. */
  requests: number;
  /** Of prompts, `cachedTokens` among them. */
  promptTokens: number;
  /** Tokens of prompts that the server had in its cache. */
  cachedTokens: number;
  /** Of replies, thoughts included. */
  completionTokens: number;
  /** In the currency of the price; absent where no price is set. */
  cost?: number;
}

/** A whole reply of a chat model. */
export interface ChatReply {
  /** Never a thought. Empty where the model said nothing beside one. */
  text: string;
  /**
   * Why it ends: the model was done; it was cut off; it called a tool, of which it was offered none; it refused, or the
   * server's filter withheld the reply. Only `stop` is a whole answer.
   */
  stop: "stop" | "length" | "tool_call" | "refusal";
  /** Of this call; absent where the model does not count. */
  usage?: ChatUsage;
}

/** A chat model that is asked for whole replies: it can act, judge and propose tasks, but not be trained. */
export interface ChatModel {
  readonly name: string;
  /**
   * Throws a `Fault` (`model_server_failed`) once the bounded retries are used up, a `ConfigError` where key, model or
   * address are refused, `BudgetSpent`; rejects with `signal.reason` when aborted.
   */
  chat(request: ChatRequest): Promise<ChatReply>;
  /** What keeps the server from answering, or `null`. Asks it once, for one token. */
  probe?(signal?: AbortSignal): Promise<string | null>;
}
