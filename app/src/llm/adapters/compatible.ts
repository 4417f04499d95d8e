import { ordinary, type Adapter } from "./adapter.ts";

/** Anything else that speaks OpenAI's protocol. Nobody knows where it is: it counts as cloud until the configuration says no. */
export const compatible: Adapter = { ...ordinary, cloud: true };
