import { ordinary, tryJson, type Adapter } from "./adapter.ts";

/** Gemini's OpenAI-compatible endpoint. It wraps its errors into a list. */
export const gemini: Adapter = {
  ...ordinary,
  baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
  needsKey: true,
  cloud: true,
  endpoints: ["chat", "embeddings"],
  refusal: ({ status, body }) => {
    const json = tryJson(body);
    return { status, body: Array.isArray(json) && json.length === 1 ? JSON.stringify(json[0]) : body };
  },
};
