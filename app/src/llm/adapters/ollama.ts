import { z } from "zod";
import { readText, type Upstream } from "../upstream.ts";
import { listModels, ordinary, type Adapter } from "./adapter.ts";

const running = z.looseObject({ models: z.array(z.looseObject({})) });

/**
 * Ollama. Its OpenAI protocol takes no context length and no keep-alive: set OLLAMA_CONTEXT_LENGTH and OLLAMA_KEEP_ALIVE where it
 * runs. A prompt that is longer than the context is cut without a word.
 */
export const ollama: Adapter = {
  ...ordinary,
  baseUrl: "http://ollama:11434/v1",
  concurrency: 128,
  longPrompt: "truncates",
  look: async (upstream, signal) => {
    const models = await listModels(upstream, signal);
    return { reachable: true, loaded: await loaded(upstream, signal), tokensPerSecond: null, models };
  },
  // Without a prompt it loads the model and generates nothing.
  warmUp: async (upstream, model, signal) => {
    await readText(await upstream.own("POST", "/api/generate", signal, JSON.stringify({ model })));
  },
};

/** The same program on the Docker host. */
export const ollamaNative: Adapter = { ...ollama, baseUrl: "http://host.docker.internal:11434/v1" };

async function loaded(upstream: Upstream, signal: AbortSignal): Promise<boolean | null> {
  try {
    const text = await readText(await upstream.own("GET", "/api/ps", signal), 1024 * 1024);
    return running.parse(JSON.parse(text)).models.length > 0;
  } catch {
    return null;
  }
}
