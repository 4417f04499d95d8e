import type { ChatMessage } from "../llm/completion.ts";

/** Said first in every conversation. */
export const systemPrompt: ChatMessage = { role: "system", content: "You are a helpful assistant." };

/** Longest answer a chat asks for; never more than half the context. */
export function answerTokens(contextTokens: number): number {
  return Math.min(2_048, Math.floor(contextTokens / 2));
}

/**
 * Tokens of a text, estimated high: 3 characters each, plus 8 for the frame of a message. Real tokenizers differ by
 * model; a prompt that is too long fails, one that is a little short only forgets a little earlier.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 3) + 8;
}

/** Longest notes of what was said before, in tokens. */
export function summaryTokens(contextTokens: number): number {
  return Math.min(512, Math.floor(contextTokens / 8));
}

/**
 * The prompt for the next answer: the system line with the notes of what was said before, then as many of the latest messages as
 * fit beside the answer. The last message always stays (shortened from the front if it alone is too long); an answer never comes
 * first.
 */
export function fitHistory(
  messages: readonly ChatMessage[],
  contextTokens: number,
  summary: string | null = null,
): ChatMessage[] {
  const system = withSummary(summary, contextTokens);
  const last = messages.at(-1);
  if (last === undefined) return [system];
  let room = contextTokens - answerTokens(contextTokens) - estimateTokens(system.content);
  const kept: ChatMessage[] = [];
  for (const message of messages.toReversed()) {
    room -= estimateTokens(message.content);
    if (room < 0) break;
    kept.unshift(message);
  }
  if (kept.length === 0) kept.push(shorten(last, contextTokens, system));
  while (kept[0]?.role === "assistant") kept.shift();
  return [system, ...kept];
}

function withSummary(summary: string | null, contextTokens: number): ChatMessage {
  if (summary === null) return systemPrompt;
  const notes = summary.slice(0, summaryTokens(contextTokens) * 3);
  return { ...systemPrompt, content: `${systemPrompt.content}\n\nNotes of what was said before:\n${notes}` };
}

function shorten(message: ChatMessage, contextTokens: number, system: ChatMessage): ChatMessage {
  const tokens = contextTokens - answerTokens(contextTokens) - estimateTokens(system.content) - 8;
  return { ...message, content: message.content.slice(-Math.max(1, tokens) * 3) };
}

/** The title of a conversation: the first line that says something, at most 80 characters. */
export function titleOf(content: string): string {
  const line = content.split(/\r?\n/).find((text) => text.trim() !== "") ?? "";
  const text = line.trim().replace(/\s+/g, " ");
  return text.length <= 80 ? text : `${[...text].slice(0, 79).join("").trimEnd()}…`;
}
