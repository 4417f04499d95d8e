import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The part of node-llama-cpp 3.22.1 the engine uses, as structural types: the package is installed only in the llm
 * image, so the program must type-check and start without it.
 */
export interface LlamaModule {
  getLlama(options: { gpu: false; build: "never"; maxThreads: number; logLevel: "error"; progressLogs: false }): Promise<Llama>;
  readonly LlamaChat: new (options: { contextSequence: LlamaSequence; chatWrapper: "auto" | ChatWrapper }) => LlamaChat;
  readonly JinjaTemplateChatWrapper: new (options: { template: string; tokenizer?: unknown }) => ChatWrapper;
}

export interface Llama {
  loadModel(options: { modelPath: string }): Promise<LlamaModel>;
}

export interface LlamaModel {
  readonly trainContextSize: number;
  readonly tokenizer: unknown;
  readonly fileInfo: { readonly metadata: { readonly tokenizer?: { readonly chat_template?: unknown } } };
  createContext(options: { contextSize: number; threads: number; sequences: 1 }): Promise<LlamaContext>;
}

export interface LlamaContext {
  getSequence(): LlamaSequence;
}

export interface LlamaSequence {
  readonly tokenMeter: { readonly usedOutputTokens: number };
}

export type HistoryItem =
  { readonly type: "system" | "user"; readonly text: string } | { readonly type: "model"; readonly response: string[] };

export interface ChatWrapper {
  generateContextState(options: { chatHistory: readonly HistoryItem[] }): {
    readonly contextText: { tokenize(tokenizer: unknown): readonly unknown[] };
  };
}

export interface LlamaChat {
  readonly chatWrapper: ChatWrapper;
  generateResponse(
    history: readonly HistoryItem[],
    options: {
      readonly signal: AbortSignal;
      readonly stopOnAbortSignal: boolean;
      readonly maxTokens: number;
      readonly temperature: number;
      readonly topP?: number;
      readonly seed: number;
      readonly customStopTriggers: readonly string[];
      readonly onTextChunk: (text: string) => void;
    },
  ): Promise<{ readonly metadata: { readonly stopReason: string } }>;
}

/** Loads the native runtime: installed beside the bundle in the image, under app/llm in a checkout. @throws when it is nowhere */
export async function loadLlama(): Promise<LlamaModule> {
  const inCheckout = join(import.meta.dirname, "../../llm/node_modules/node-llama-cpp/dist/index.js");
  const name = existsSync(inCheckout) ? pathToFileURL(inCheckout).href : "node-llama-cpp";
  return (await import(name)) as LlamaModule;
}
