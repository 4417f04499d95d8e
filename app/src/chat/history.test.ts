import { describe, expect, test } from "vitest";
import type { ChatMessage } from "../llm/completion.ts";
import { answerTokens, estimateTokens, fitHistory, summaryTokens, systemPrompt, titleOf } from "./history.ts";

const user = (content: string): ChatMessage => ({ role: "user", content });
const assistant = (content: string): ChatMessage => ({ role: "assistant", content });

describe("the prompt", () => {
  test("holds the whole conversation when it fits", () => {
    const messages = [user("a"), assistant("b"), user("c")];
    expect(fitHistory(messages, 4096)).toEqual([systemPrompt, ...messages]);
  });

  test("forgets the oldest messages first, and never starts with an answer", () => {
    const long = "x".repeat(1_500);
    const messages = [user(long), assistant(long), user(long), assistant("short"), user("now")];
    expect(fitHistory(messages, 1_024)).toEqual([systemPrompt, user("now")]);
  });

  test("keeps the end of a question that is too long by itself", () => {
    const [, question] = fitHistory([user(`${"x".repeat(50_000)}the end`)], 1_024);
    expect(question?.content.endsWith("the end")).toBe(true);
    expect(estimateTokens(question?.content ?? "")).toBeLessThanOrEqual(1_024 - answerTokens(1_024));
  });

  test("leaves room for the answer in every context size", () => {
    for (const size of [256, 1_024, 4_096, 131_072]) {
      const messages = Array.from({ length: 200 }, (_, index) =>
        index % 2 === 0 ? user("y".repeat(700)) : assistant("z".repeat(700)),
      );
      const tokens = fitHistory([...messages, user("q")], size).reduce((sum, { content }) => sum + estimateTokens(content), 0);
      expect(tokens + answerTokens(size)).toBeLessThanOrEqual(size);
    }
  });
});

describe("the title", () => {
  test("is the first line that says something", () => {
    expect(titleOf("\n   \r\n  Plan my   week \nplease")).toBe("Plan my week");
  });

  test("is cut at 80 characters, never inside one", () => {
    const title = titleOf("🦉".repeat(100));
    expect([...title]).toHaveLength(80);
    expect(title.endsWith("…")).toBe(true);
  });
});

test("notes of what was said before stand in the system line, cut to their share, and cost the history room", () => {
  const messages = [{ role: "user", content: "last" }] as const;
  const [system, ...rest] = fitHistory(messages, 512, "n".repeat(10_000));
  expect(rest).toEqual(messages);
  expect(system?.content).toBe(
    `${systemPrompt.content}\n\nNotes of what was said before:\n${"n".repeat(summaryTokens(512) * 3)}`,
  );
});
