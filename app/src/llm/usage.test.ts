import { expect, test } from "vitest";
import { readUsage, usageInText } from "./usage.ts";

test.each([
  [
    { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    { prompt: 7, completion: 3, estimated: false },
  ],
  [
    { prompt_tokens: 7, total_tokens: 7 },
    { prompt: 7, completion: 0, estimated: false },
  ],
  [
    { input_tokens: 5, output_tokens: 2 },
    { prompt: 5, completion: 2, estimated: false },
  ],
])("usage %j is read", (wire, expected) => {
  expect(readUsage(wire)).toEqual(expected);
});

test.each([null, 7, "7", {}, { prompt_tokens: -1 }, { prompt_tokens: 1.5 }, { completion_tokens: 3 }])(
  "%j is no usage",
  (wire) => {
    expect(readUsage(wire)).toBeNull();
  },
);

test("the usage of a whole answer is found without reading the rest", () => {
  const text = JSON.stringify({ data: [1, 2], usage: { prompt_tokens: 9, details: { x: "}" }, total_tokens: 9 }, end: true });
  expect(usageInText(text)).toEqual({ prompt: 9, completion: 0, estimated: false });
});

test("the text of an answer cannot pose as its usage", () => {
  const content = '"usage": {"prompt_tokens": 1, "completion_tokens": 1}';
  expect(usageInText(JSON.stringify({ choices: [{ message: { content } }], usage: null }))).toBeNull();
  expect(usageInText(JSON.stringify({ usage: { prompt_tokens: 2, completion_tokens: 4 }, content }))?.completion).toBe(4);
});

test("a name called usage, and an object cut off in the middle, are passed over", () => {
  expect(usageInText('{"token":"usage","usage":"none"}')).toBeNull();
  expect(usageInText('{"usage":{"prompt_tokens":1')).toBeNull();
});
