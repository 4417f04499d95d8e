import type { Recorded } from "../../toolchain/providers/testing/engine.ts";
import type { Thing } from "../simulator/cloud/store.ts";
import { packageSchemas } from "../simulator/plugin.ts";
import type { PackageName } from "../simulator/schema/wanted.ts";

/**
 * A stack's resources in a form that two stacks share when they differ only in what is made anew each time: ids and addresses
 * of the clouds, generated keys and passwords, the ciphertext of secrets. Each is replaced by the name of where it comes from.
 */
export function withoutIds(resources: readonly Recorded[], things: readonly Thing[]): unknown[] {
  const found = [...resources.flatMap(generatedValues), ...things.flatMap(cloudValues)];
  // A value of two origins keeps the name that comes first in the alphabet, whatever was made first.
  const origins = new Map(found.toSorted(([, a], [, b]) => (a < b ? 1 : -1)));
  const shown = resources.map(({ urn, id, inputs, outputs }) => {
    const made = isGenerated(urn) ? { id: "<made>", outputs: "<made>" } : { id, outputs };
    return { urn, inputs: replaced(inputs, origins), id: replaced(made.id, origins), outputs: replaced(made.outputs, origins) };
  });
  return shown.sort((a, b) => (a.urn < b.urn ? -1 : 1));
}

type Origin = readonly [value: string, origin: string];

/** Ids and computed texts of a resource in a cloud. */
function cloudValues({ type, name, id, outputs }: Thing): Origin[] {
  const { computed = {} } = packageSchemas[type.split(":")[0] as PackageName].resources[type] ?? {};
  const texts = Object.keys(computed).filter((key) => typeof outputs[key] === "string" && outputs[key] !== "");
  return [[id, `<id of ${name}>`], ...texts.map((key): Origin => [String(outputs[key]), `<${key} of ${name}>`])];
}

function isGenerated(urn: string): boolean {
  return /(tls|random|command):[^:]*:[^:]*$/.test(urn.split("::")[2] ?? "");
}

function generatedValues({ urn, outputs = {} }: Recorded): Origin[] {
  if (!isGenerated(urn)) return [];
  const texts = Object.entries(outputs).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return texts.map(([key, value]) => [value.trim(), `<${key} of ${urn.split("::").at(-1)}>`]);
}

function replaced(value: unknown, origins: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((child) => replaced(child, origins));
  if (typeof value === "number") return origins.get(String(value)) ?? value;
  // Two things may or may not be made in the same millisecond.
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return "<time>";
  if (typeof value === "string" && /^\{".*\}$/s.test(value)) return replaced(JSON.parse(value), origins);
  if (typeof value === "string")
    return origins.get(value.trim()) ?? value.replaceAll(/\d{7,}/g, (digits) => origins.get(digits) ?? digits);
  if (value === null || typeof value !== "object") return value ?? null;
  if ("ciphertext" in value) return "<secret>";
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, replaced(child, origins)]));
}
