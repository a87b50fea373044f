/** @file The contract of a chat model behind a server: messages in, one text out. Engines have tokens; this has none. */

export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface ChatRequest {
  messages: readonly ChatMessage[];
  /** Tokens of the reply at most. */
  maxTokens: number;
  /** 0 is greedy. */
  temperature: number;
  topP?: number;
  /** Passed on to servers that honour it; no promise. */
  seed?: number;
  signal?: AbortSignal;
}

export interface ChatModel {
  readonly name: string;
  /** Throws a `Fault` (`engine_failed`) once the bounded retries are used up; rejects with `signal.reason` when aborted. */
  chat(request: ChatRequest): Promise<{ text: string; stop: "stop" | "length" }>;
}
