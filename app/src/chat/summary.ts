import { z } from "zod";
import type { ChatMessage } from "../llm/completion.ts";
import { askInBackground, type WorkContext } from "./ask.ts";
import { answerTokens, estimateTokens, fitHistory, summaryTokens } from "./history.ts";
import { readForWork } from "./for-work.ts";
import { setSummary, type PlacedMessage } from "./history-rows.ts";

const summaryData = z.object({ conversationId: z.uuid() });

const instruction: ChatMessage = {
  role: "system",
  content:
    "You keep notes of a conversation for somebody who will go on with it. Answer with the notes only: facts, decisions, names, numbers, open questions. At most 150 words, in the language of the conversation.",
};

/**
 * The job `chat-summary`: notes of what does not fit into the prompt any more. It goes on from the notes that are there, so that a
 * cut run costs at most one question.
 */
export async function makeSummary(ctx: WorkContext, data: unknown, signal: AbortSignal): Promise<void> {
  const { conversationId } = summaryData.parse(data);
  for (;;) {
    const conversation = await readForWork(ctx, conversationId);
    if (conversation === null) return;
    const { summary, messages, owner, sealer } = conversation;
    const kept = fitHistory(messages, ctx.contextTokens, summary).length - 1;
    const batch = nextBatch(messages.slice(0, Math.max(0, messages.length - kept)), ctx.contextTokens);
    const last = batch.at(-1);
    if (last === undefined) return;
    const notes = summary === null ? "" : `Notes so far:\n${summary}\n\n`;
    const said = batch.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
    const ask: ChatMessage = { role: "user", content: `${notes}What was said then:\n${said}\n\nNew notes:` };
    const request = {
      messages: [instruction, ask],
      maxTokens: summaryTokens(ctx.contextTokens),
      requestId: conversationId,
    };
    const reply = (await askInBackground(ctx, owner, request, signal)).trim();
    if (reply === "") return;
    if (!(await setSummary(ctx.db, sealer, conversationId, { text: reply, position: last.position }))) return;
  }
}

/** The oldest messages that fit into one question, each cut to what the question holds; at least one of those there are. */
function nextBatch(dropped: readonly PlacedMessage[], contextTokens: number): PlacedMessage[] {
  const fixed = estimateTokens(instruction.content) + 2 * summaryTokens(contextTokens) + 64;
  let room = contextTokens - answerTokens(contextTokens) - fixed;
  const batch: PlacedMessage[] = [];
  for (const message of dropped) {
    const content = message.content.slice(0, Math.max(1, room - 16) * 3);
    room -= estimateTokens(content);
    if (room < 0 && batch.length > 0) break;
    batch.push({ ...message, content });
    if (content.length < message.content.length) break;
  }
  return batch;
}
