/** One message of a conversation as the model gets it. */
export interface EngineMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** What to generate. */
export interface GenerateOptions {
  readonly messages: readonly EngineMessage[];
  /** Longest answer in tokens; null: as long as the context allows. */
  readonly maxTokens: number | null;
  readonly temperature: number;
  readonly topP: number | null;
  /** Null: a random one. */
  readonly seed: number | null;
  readonly stop: readonly string[];
}

/** Figures of a finished generation. */
export interface GenerateResult {
  readonly finishReason: "stop" | "length";
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Decoded tokens per second, without the prompt. */
  readonly tokensPerSecond: number | null;
}

/** Why the engine could not do it. */
export type EngineFailure = "context_length_exceeded" | "model_failed" | "generation_failed";

/** Where the engine loads from, given as its one argument. */
export interface EngineStart {
  readonly modelFile: string;
  readonly threads: number;
  readonly contextTokens: number;
}

/** Server to engine. */
export type ToEngine =
  | { readonly type: "generate"; readonly id: number; readonly options: GenerateOptions }
  | { readonly type: "abort"; readonly id: number };

/** Engine to server. */
export type FromEngine =
  | { readonly type: "ready"; readonly contextTokens: number }
  | { readonly type: "text"; readonly id: number; readonly text: string }
  | { readonly type: "done"; readonly id: number; readonly result: GenerateResult }
  | { readonly type: "failed"; readonly id: number | null; readonly failure: EngineFailure; readonly message: string };
