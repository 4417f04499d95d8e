/** A preview document as `pulumi preview --json --show-sames` writes it, for tests. */
export interface Step {
  readonly op?: string;
  readonly type: string;
  readonly name?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly protect?: boolean;
}

export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** The URN of a resource in these plans. */
export function urnOf({ type, name = "it" }: Pick<Step, "type" | "name">): string {
  return `urn:pulumi:shop::fidus::${type}::${name}`;
}

export function previewOf(steps: readonly Step[], more: object = {}): string {
  const written = steps.map(({ op = "create", type, name, inputs = {}, protect = false }) => {
    const state = { type, custom: true, protect, inputs };
    const urn = urnOf(name === undefined ? { type } : { type, name });
    return op === "delete" ? { op, urn, oldState: state } : { op, urn, newState: state };
  });
  return JSON.stringify({ steps: written, changeSummary: {}, ...more });
}
