import type { KeySpec } from "../spec.ts";

/** What is made of what people say and upload, and how long it is kept. */
export const contentKeys = {
  embeddingModel: {
    type: "string",
    form: {
      pattern: /^[A-Za-z0-9][\w.:/@+-]{0,199}$/,
      rule: "a model name: letters, digits and . _ : / @ + -, 200 characters at most",
    },
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "nomic-embed-text",
    about: "Model that a runtime serves at /v1/embeddings; absent: people upload no documents.",
  },
  retentionDays: {
    type: "string",
    form: {
      pattern: /^(none|[1-9]\d{0,3}|[12]\d{4}|3[0-5]\d{3}|36[0-4]\d{2}|36500)$/,
      rule: "days from 1 to 36500, or none",
    },
    default: "none",
    editions: ["community"],
    effect: "restart",
    about: "Days after its last message that a conversation is kept.",
  },
} as const satisfies Record<string, KeySpec>;
