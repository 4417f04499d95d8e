import { ordinary, type Adapter } from "./adapter.ts";

/** Overloaded, in Anthropic's own number. */
const overloaded = 529;

/** Anthropic's OpenAI-compatible endpoint: chat only, and by its maker's word meant for comparison. */
export const anthropic: Adapter = {
  ...ordinary,
  baseUrl: "https://api.anthropic.com/v1",
  needsKey: true,
  cloud: true,
  endpoints: ["chat"],
  refusal: ({ status, body }) => ({ status: status === overloaded ? 503 : status, body }),
};
