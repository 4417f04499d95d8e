import * as pulumi from "@pulumi/pulumi";
// @ts-expect-error -- isConfigSecret is missing in the SDK's types, and nothing else tells a secret from a plain value.
import { allConfig, isConfigSecret } from "@pulumi/pulumi/runtime/config.js";
import { throwIfAny } from "../core/errors.ts";
import { keys, type KeyName } from "./keys.ts";
import { parseConfig } from "./parse.ts";
import { configWarnings } from "./rules.ts";
import type { Edition } from "./spec.ts";
import type { ConfigOf, SecretKey } from "./types.ts";

/** Secret keys arrive as Outputs that stay secret; an absent one stays null. */
export type StackConfig<E extends Edition> = {
  readonly [K in keyof ConfigOf<E>]: K extends SecretKey
    ? pulumi.Output<Exclude<ConfigOf<E>[K], null>> | Extract<ConfigOf<E>[K], null>
    : ConfigOf<E>[K];
};

/**
 * The only reader of the stack's configuration: a frozen object of exactly the edition's keys.
 * Throws InvalidInputError with every problem, before the first resource.
 */
export function readConfig<E extends Edition>(edition: E): StackConfig<E> {
  const prefix = `${pulumi.getProject()}:`;
  const mine = Object.entries(allConfig()).filter(([key]) => key.startsWith(prefix));
  const entries = Object.fromEntries(mine.map(([key, value]) => [key.slice(prefix.length), value]));
  const secrets = new Set(mine.filter(([key]) => isConfigSecret(key)).map(([key]) => key.slice(prefix.length)));
  const { values, problems } = parseConfig(edition, entries, secrets);
  throwIfAny(`Pulumi.${pulumi.getStack()}.yaml`, problems);
  for (const warning of configWarnings(values)) void pulumi.log.warn(warning);
  const marked = Object.entries(values).map(([name, value]) => [
    name,
    isSecret(name) && value !== null ? pulumi.secret(value) : value,
  ]);
  return Object.freeze(Object.fromEntries(marked)) as StackConfig<E>;
}

function isSecret(name: string): boolean {
  return "secret" in keys[name as KeyName];
}
