import * as pulumi from "@pulumi/pulumi";
import { allConfig } from "@pulumi/pulumi/runtime/config.js";
import { throwIfAny } from "../core/errors.ts";
import { keys, type Edition, type KeyName } from "./keys.ts";
import { parseConfig, type ConfigOf, type ValueOf } from "./parse.ts";

/** Secret keys arrive as Outputs that stay secret; an absent one stays null. */
export type StackConfig<E extends Edition> = {
  readonly [K in keyof ConfigOf<E>]: K extends SecretKey ? pulumi.Output<string> | Extract<ValueOf<K>, null> : ConfigOf<E>[K];
};

type SecretKey = { [K in KeyName]: (typeof keys)[K] extends { secret: true } ? K : never }[KeyName];

/**
 * The only reader of the stack's configuration: a frozen object of exactly the edition's keys.
 * Throws InvalidInputError with every problem, before the first resource.
 */
export function readConfig<E extends Edition>(edition: E): StackConfig<E> {
  const project = pulumi.getProject();
  const prefix = `${project}:`;
  const entries = Object.fromEntries(
    Object.entries(allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
  const { values, problems } = parseConfig(edition, entries);
  throwIfAny(`Pulumi.${pulumi.getStack()}.yaml`, problems);
  const sealed = Object.entries(values).map(([name, value]) => [
    name,
    isSecret(name) && value !== null ? pulumi.secret(value) : value,
  ]);
  return Object.freeze(Object.fromEntries(sealed)) as StackConfig<E>;
}

function isSecret(name: string): boolean {
  return "secret" in keys[name as KeyName];
}
