import { ordinary, type Adapter } from "./adapter.ts";

/** A LiteLLM proxy. Its models are looked at, never its `/health`: that asks each model a paid question. */
export const litellm: Adapter = { ...ordinary };
