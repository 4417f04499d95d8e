/** What the engine's JSON preview writes in place of a value that is known only after the deployment, by kind. */
const unknowns: ReadonlySet<unknown> = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** What it writes in place of a secret. */
const secret = "[secret]";

/** An input as a plan shows it: nothing, a value, one that is not known before the deployment, or a secret. */
export type Planned =
  | { readonly kind: "absent" }
  | { readonly kind: "known"; readonly value: unknown }
  | { readonly kind: "unknown" }
  | { readonly kind: "secret" };

/** The input at a dotted path, such as `vpcConfig.endpointPublicAccess`; unknown where a part of the way is. */
export function inputAt(inputs: unknown, path: string): Planned {
  let value = inputs;
  for (const part of path.split(".")) {
    if (unknowns.has(value)) return { kind: "unknown" };
    if (value === secret) return { kind: "secret" };
    if (typeof value !== "object" || value === null) return { kind: "absent" };
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return planned(value);
}

export function planned(value: unknown): Planned {
  if (value === undefined || value === null) return { kind: "absent" };
  if (unknowns.has(value)) return { kind: "unknown" };
  return value === secret ? { kind: "secret" } : { kind: "known", value };
}

/** The elements of a list: [] where there is none, null where it or its length is not known. */
export function listAt(inputs: unknown, path: string): readonly Planned[] | null {
  const found = inputAt(inputs, path);
  if (found.kind === "absent") return [];
  return found.kind === "known" && Array.isArray(found.value) ? found.value.map(planned) : null;
}
