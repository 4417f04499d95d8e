/** A preview document as `pulumi preview --json --show-sames` writes it, for tests. */
export interface Step {
  readonly op?: string;
  readonly type: string;
  readonly name?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Inputs before the deployment. @default those of `inputs` where the step has an old state */
  readonly was?: Readonly<Record<string, unknown>>;
  readonly protect?: boolean;
  /** Anything else of its states. */
  readonly state?: object;
  /** Anything else of the step. */
  readonly more?: object;
}

export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const created: ReadonlySet<string> = new Set(["create", "import", "read"]);
const deleted: ReadonlySet<string> = new Set(["delete", "delete-replaced", "discard", "remove-pending-replace"]);

/** The URN of a resource in these plans. */
export function urnOf({ type, name = "it" }: Pick<Step, "type" | "name">): string {
  return `urn:pulumi:shop::fidus::${type}::${name}`;
}

export function previewOf(steps: readonly Step[], more: object = {}): string {
  return JSON.stringify({ steps: steps.map(written), changeSummary: {}, ...more });
}

function written({ op = "create", type, name = "it", inputs = {}, was = inputs, protect = false, state, more }: Step): object {
  const urn = urnOf({ type, name });
  const stateOf = (inputs: object): object => ({ urn, type, custom: true, protect, inputs, ...state });
  return {
    op,
    urn,
    ...(created.has(op) ? {} : { oldState: stateOf(was) }),
    ...(deleted.has(op) ? {} : { newState: stateOf(inputs) }),
    ...more,
  };
}
