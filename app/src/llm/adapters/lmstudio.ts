import { askOneToken, ordinary, type Adapter } from "./adapter.ts";

/** LM Studio. It loads a model when it is first asked for, which can take minutes. Versions 0.3 do not tell a stream's usage. */
export const lmstudio: Adapter = { ...ordinary, concurrency: 64, warmUp: askOneToken };
