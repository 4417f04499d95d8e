import { describe, expect, test } from "vitest";
import { BadRequestError, readChatRequest } from "./request.ts";

const messages = [{ role: "user", content: "Hi" }];
const read = (body: object) => readChatRequest(JSON.stringify({ messages, ...body }));

describe("a chat request", () => {
  test("needs only messages", () => {
    expect(read({})).toEqual({
      model: null,
      stream: false,
      includeUsage: false,
      options: { messages, maxTokens: null, temperature: 0.7, topP: null, seed: null, stop: [] },
    });
  });

  test("is read with every supported option, the newer name of a limit first", () => {
    const body = {
      model: "m",
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 5,
      max_completion_tokens: 6,
      temperature: 0,
      top_p: 0.5,
      seed: -1,
      stop: "\n",
      user: "ignored",
    };
    expect(read(body)).toMatchObject({
      model: "m",
      stream: true,
      includeUsage: true,
      options: { maxTokens: 6, temperature: 0, topP: 0.5, seed: 4_294_967_295, stop: ["\n"] },
    });
  });

  test("may carry text parts and developer messages", () => {
    const parts = [
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ];
    const { options } = read({
      messages: [
        { role: "developer", content: "d" },
        { role: "user", content: parts },
      ],
    });
    expect(options.messages).toEqual([
      { role: "system", content: "d" },
      { role: "user", content: "ab" },
    ]);
  });

  test.each([
    [{ messages: [] }, "messages"],
    [{ messages: [{ role: "tool", content: "x" }] }, "messages.0.role"],
    [{ messages: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }] }, "messages.0.content"],
    [{ temperature: 3 }, "temperature"],
    [{ max_tokens: 0 }, "max_tokens"],
    [{ seed: 1.5 }, "seed"],
    [{ n: 2 }, "n"],
    [{ tools: [{}] }, "tools"],
    [{ response_format: { type: "json_object" } }, "response_format.type"],
    [{ stop: ["a", "b", "c", "d", "e"] }, "stop"],
  ])("is refused with %j, and the field is named", (body, param) => {
    const error = (() => {
      try {
        return read(body);
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ param });
  });

  test("is refused when it is not JSON", () => {
    expect(() => readChatRequest("{")).toThrow("The body is not valid JSON.");
  });
});
