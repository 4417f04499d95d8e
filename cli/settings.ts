import { parseConfig, type Parsed } from "../infra/config/parse.ts";
import type { ConfigOf } from "../infra/config/types.ts";
import { throwIfAny } from "../infra/core/errors.ts";
import { demoModel } from "../infra/core/models.ts";
import type { StackConfigFile } from "./stack-config.ts";

/** A stack's settings as the CLI sees them: a secret reads as "[secret]". */
export type Settings = ConfigOf<"community">;

/** What the first `up` records later in the same run, as far as it can be foreseen. */
const notYet = { edition: "community", installation: "000000", llmRuntime: "embedded", model: demoModel.id, images: "{}" };

/** The settings and everything that is wrong with them: what the program reads by the same rules, before anything is done. */
export function readSettings(config: Pick<StackConfigFile, "entries" | "secrets"> | null): Parsed<"community"> {
  return parseConfig("community", { ...notYet, ...config?.entries() }, config?.secrets());
}

/** The settings, or exit 2 with every problem. */
export function checkedSettings(config: StackConfigFile): Settings {
  const { values, problems } = readSettings(config);
  throwIfAny(config.file, problems);
  return values;
}
