import { ordinary, type Adapter } from "./adapter.ts";

/** OpenAI itself, or what is reached by its variables. Reasoning models take only the newer name of the token limit. */
export const openai: Adapter = {
  ...ordinary,
  baseUrl: "https://api.openai.com/v1",
  needsKey: true,
  cloud: true,
  maxTokensField: "max_completion_tokens",
};
