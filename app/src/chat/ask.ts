import { AppError } from "../errors.ts";
import { streamCompletion, type ChatMessage } from "../llm/completion.ts";
import { cloudAllowed } from "../llm/consent.ts";
import type { Gateway } from "../llm/gateway.ts";
import type { LlmMetrics } from "../llm/llm-metrics.ts";
import type { Meter } from "../llm/usage.ts";
import type { ConversationOwner } from "./for-work.ts";
import type { Store } from "./store.ts";

/** What background work on conversations needs. */
export interface WorkContext extends Store {
  readonly gateway: Gateway;
  readonly meter: Meter;
  readonly llmMetrics: LlmMetrics;
  readonly contextTokens: number;
}

/** Asks the model of a conversation on its owner's account, and waits for the whole answer. @throws AppError */
export async function askInBackground(
  ctx: WorkContext,
  { userId, tenant, model }: ConversationOwner,
  { messages, maxTokens, requestId }: { messages: readonly ChatMessage[]; maxTokens: number; requestId: string },
  signal: AbortSignal,
): Promise<string> {
  const cloud = await cloudAllowed(ctx, userId);
  const payer = { userId, tenant, keyId: null, feature: "background" };
  let text = "";
  for await (const event of streamCompletion(ctx, { model, messages, maxTokens, cloud, payer, requestId }, signal)) {
    if (event.kind === "text") text += event.text;
  }
  if (signal.aborted) throw new AppError("interrupted", { cause: signal.reason });
  return text;
}
