import { z } from "zod";
import { askInBackground, type WorkContext } from "./ask.ts";
import { titleOf } from "./history.ts";
import { readForWork } from "./for-work.ts";
import { setTitle } from "./store.ts";

const titleData = z.object({ conversationId: z.uuid() });

/** Characters of question and answer that are enough to name a conversation. */
const excerpt = 1_500;
const titleTokens = 32;

const instruction =
  "You name conversations. Answer with a title of at most six words, in the language of the conversation, without quotes.";

/** The job `chat-title`: names a conversation by its beginning, once; what a person or an earlier run named stays. */
export async function makeTitle(ctx: WorkContext, data: unknown, signal: AbortSignal): Promise<void> {
  const { conversationId } = titleData.parse(data);
  const conversation = await readForWork(ctx, conversationId);
  if (conversation === null || conversation.titled) return;
  const [question, answer] = conversation.messages;
  if (question === undefined || answer === undefined) return;
  const said = `Question: ${question.content.slice(0, excerpt)}\n\nAnswer: ${answer.content.slice(0, excerpt)}\n\nTitle:`;
  const messages = [
    { role: "system", content: instruction },
    { role: "user", content: said },
  ] as const;
  const reply = await askInBackground(
    ctx,
    conversation.owner,
    { messages, maxTokens: titleTokens, requestId: conversationId },
    signal,
  );
  const title = cleanTitle(reply);
  // A model that says nothing leaves the first line of the question, which is there already.
  if (title !== "") await setTitle(ctx, conversation.owner.userId, conversationId, { title, by: "model" });
}

/** What models put around a title goes: thoughts, a label, quotes, marks of Markdown, a full stop. */
export function cleanTitle(reply: string): string {
  const line = titleOf(reply.replace(/<think>[\s\S]*?(<\/think>|$)/g, ""));
  return line
    .replace(/^(title|titel|titre|título)\s*:\s*/i, "")
    .replace(/^[\s"'“”„«»`*#_]+|[\s"'“”„«»`*_.]+$/g, "")
    .trim();
}
