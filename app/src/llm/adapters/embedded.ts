import { z } from "zod";
import { readText } from "../upstream.ts";
import { askOneToken, ordinary, type Adapter } from "./adapter.ts";

const status = z.looseObject({
  model: z.string(),
  usable: z.boolean(),
  loaded: z.boolean(),
  tokensPerSecond: z.number().nullable(),
});

/** Our own llm role: llama.cpp in a container of the stack. It answers one at a time and keeps its own short queue. */
export const embedded: Adapter = {
  ...ordinary,
  baseUrl: "http://llm:8080/v1",
  endpoints: ["chat"],
  concurrency: 64,
  look: async (upstream, signal) => {
    const text = await readText(await upstream.own("GET", "/status", signal));
    const { model: id, usable, loaded, tokensPerSecond } = status.parse(JSON.parse(text));
    return {
      reachable: usable,
      loaded,
      tokensPerSecond,
      models: [{ id, object: "model", created: 0, owned_by: "fidus" }],
    };
  },
  warmUp: askOneToken,
};
