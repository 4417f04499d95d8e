import { z } from "zod";
import { ordinary, tryJson, type Adapter } from "./adapter.ts";

const flat = z.looseObject({ object: z.literal("error"), message: z.string() });

/** vLLM. The model's name must equal its `--served-model-name`. Versions before mid-2025 send their errors without a frame. */
export const vllm: Adapter = {
  ...ordinary,
  refusal: ({ status, body }) => {
    const { data } = flat.safeParse(tryJson(body));
    if (data === undefined) return { status, body };
    const { object: _, ...error } = data;
    return { status, body: JSON.stringify({ error: { type: null, param: null, code: null, ...error } }) };
  },
};
