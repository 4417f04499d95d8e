import { describe, expect, test } from "vitest";
import { AppError } from "../errors.ts";
import { normalizeErrorBody, openAiError } from "./openai-errors.ts";

describe("a runtime's error", () => {
  test("passes untouched when it has OpenAI's shape, unknown fields and numeric codes included", () => {
    const body = '{ "error": {"message": "too long", "type": "x", "code": 400, "n_ctx": 4096} }';
    expect(normalizeErrorBody(body, 400)).toBe(body);
  });

  test.each([
    ['{"error":"model not found"}', 404, "model not found", "invalid_request_error"],
    ["<html>Bad Gateway</html>", 502, "The language model answered with status 502.", "api_error"],
    ["", 429, "The language model answered with status 429.", "rate_limit_error"],
  ])("%j with status %i is put into OpenAI's shape", (body, status, message, type) => {
    expect(JSON.parse(normalizeErrorBody(body, status))).toEqual({ error: { message, type, param: null, code: null } });
  });
});

test("our own errors carry no cause", () => {
  expect(openAiError(new AppError("runtime_unreachable", { cause: new Error("connect 10.0.0.7:8080") }))).toEqual({
    error: { message: "The language model cannot be reached.", type: "api_error", param: null, code: "runtime_unreachable" },
  });
});
