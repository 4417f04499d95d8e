import { readApiConfig } from "../config.ts";
import type { Env } from "../env.ts";

/** Reads the settings of the api role as it would at its start, and nothing else. @throws InvalidInputError with every problem */
export async function run(_args: readonly string[], env: Env): Promise<number> {
  for (const notice of readApiConfig(env).notices) process.stderr.write(`${notice}\n`);
  return 0;
}
