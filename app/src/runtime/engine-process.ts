import { randomInt } from "node:crypto";
import { loadLlama, type ChatWrapper, type HistoryItem, type LlamaChat, type LlamaModel, type LlamaSequence } from "./llama.ts";
import type {
  EngineFailure,
  EngineMessage,
  EngineStart,
  FromEngine,
  GenerateOptions,
  GenerateResult,
  ToEngine,
} from "./protocol.ts";

/**
 * The model in a process of its own: when it exits, all of the model's memory is back, and a crash of native code
 * takes one answer and not the server. Speaks the messages of protocol.ts over IPC.
 */
export async function run([argument = "{}"]: readonly string[]): Promise<number> {
  const start = JSON.parse(argument) as EngineStart;
  // The server is gone: nobody wants the rest.
  process.on("disconnect", () => process.exit(0));
  // Stopping is the server's decision: it lets a running answer end first.
  process.on("SIGTERM", () => {}).on("SIGINT", () => {});
  let engine: Engine;
  try {
    engine = await loadEngine(start);
  } catch (error) {
    await sendLast({ type: "failed", id: null, failure: "model_failed", message: textOf(error) });
    return 1;
  }
  send({ type: "ready", contextTokens: engine.contextTokens });
  await answerRequests(engine);
  return 0;
}

interface Engine {
  readonly model: LlamaModel;
  readonly chat: LlamaChat;
  readonly sequence: LlamaSequence;
  readonly contextTokens: number;
}

async function loadEngine({ modelFile, threads, contextTokens }: EngineStart): Promise<Engine> {
  const { getLlama, LlamaChat, JinjaTemplateChatWrapper } = await loadLlama();
  const llama = await getLlama({ gpu: false, build: "never", maxThreads: threads, logLevel: "error", progressLogs: false });
  const model = await llama.loadModel({ modelPath: modelFile });
  const contextSize = Math.min(contextTokens, model.trainContextSize);
  const context = await model.createContext({ contextSize, threads, sequences: 1 });
  const sequence = context.getSequence();
  const template = model.fileInfo.metadata.tokenizer?.chat_template;
  const chatWrapper: "auto" | ChatWrapper =
    typeof template === "string" ? new JinjaTemplateChatWrapper({ template, tokenizer: model.tokenizer }) : "auto";
  return { model, sequence, chat: new LlamaChat({ contextSequence: sequence, chatWrapper }), contextTokens: contextSize };
}

/** Resolves never: the process ends when the server disconnects or kills it. */
async function answerRequests(engine: Engine): Promise<never> {
  const running = new Map<number, AbortController>();
  process.on("message", (message: ToEngine) => {
    if (message.type === "abort") return running.get(message.id)?.abort();
    const controller = new AbortController();
    running.set(message.id, controller);
    generate(engine, message.id, message.options, controller.signal)
      .then((result) => send({ type: "done", id: message.id, result }))
      .catch((error: unknown) => {
        const failure = error instanceof ContextError ? "context_length_exceeded" : "generation_failed";
        send({ type: "failed", id: message.id, failure, message: textOf(error) });
      })
      .finally(() => running.delete(message.id));
  });
  return new Promise<never>(() => {});
}

class ContextError extends Error {
  readonly failure: EngineFailure = "context_length_exceeded";
}

async function generate(engine: Engine, id: number, options: GenerateOptions, signal: AbortSignal): Promise<GenerateResult> {
  const { chat, model, sequence, contextTokens } = engine;
  const history = historyOf(options.messages);
  const promptTokens = chat.chatWrapper
    .generateContextState({ chatHistory: history })
    .contextText.tokenize(model.tokenizer).length;
  const room = contextTokens - promptTokens;
  if (room < 1) {
    throw new ContextError(`The prompt has ${promptTokens} tokens; the context holds ${contextTokens}, answer included.`);
  }
  const before = sequence.tokenMeter.usedOutputTokens;
  let firstAt: number | null = null;
  const { metadata } = await chat.generateResponse(history, {
    signal,
    stopOnAbortSignal: true,
    maxTokens: Math.min(options.maxTokens ?? room, room),
    temperature: options.temperature,
    ...(options.topP === null ? {} : { topP: options.topP }),
    seed: options.seed ?? randomInt(2 ** 31),
    customStopTriggers: options.stop,
    onTextChunk: (text) => {
      firstAt ??= performance.now();
      if (text !== "") send({ type: "text", id, text });
    },
  });
  const completionTokens = sequence.tokenMeter.usedOutputTokens - before;
  const seconds = firstAt === null ? 0 : (performance.now() - firstAt) / 1000;
  return {
    finishReason: metadata.stopReason === "maxTokens" ? "length" : "stop",
    promptTokens,
    completionTokens,
    tokensPerSecond: completionTokens > 8 && seconds > 0 ? (completionTokens - 1) / seconds : null,
  };
}

/** The model's history; the empty last turn is the one it writes. */
function historyOf(messages: readonly EngineMessage[]): HistoryItem[] {
  const items = messages.map(({ role, content }): HistoryItem =>
    role === "assistant" ? { type: "model", response: [content] } : { type: role, text: content },
  );
  return [...items, { type: "model", response: [] }];
}

function send(message: FromEngine): void {
  // The channel may close between two tokens; the disconnect handler ends us then.
  if (process.connected) process.send?.(message, () => {});
}

/** Sends and closes the channel, which would otherwise keep the process alive. */
function sendLast(message: FromEngine): Promise<void> {
  process.removeAllListeners("disconnect");
  return new Promise((resolve) => {
    process.send?.(message, () => {
      process.disconnect();
      resolve();
    });
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
