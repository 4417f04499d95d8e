import type { z } from "zod";
import { PluginError } from "./grpc-server.ts";
import { hasUnknown, plain, sameValue, secret, unknownSentinel, type Wire, type WireMap } from "./values.ts";

/** A broken rule of one input, shown by the engine beside the resource. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

/** How lines reach the operator: `status` lines are shown while the step runs, the others are kept. */
export type Log = (
  severity: "debug" | "info" | "warning" | "error",
  message: string,
  options?: { readonly status: boolean },
) => void;

/** One step on one resource. */
export interface Step<Inputs> {
  readonly urn: string;
  /** Id that the create gave; empty on create. */
  readonly id: string;
  /** Logical name in the program. */
  readonly name: string;
  /** Checked inputs without secret marks, defaults filled in. */
  readonly inputs: Inputs;
  /** The same inputs as the wire has them, secret marks included. */
  readonly wire: WireMap;
  /** Outputs of the last successful step, without secret marks; empty on create. */
  readonly state: WireMap;
  readonly log: Log;
  /** Fires when the engine cancels or the resource's custom timeout is over. */
  readonly signal: AbortSignal;
}

/** What a create returns; `outputs` are the computed ones, inputs are echoed by the caller. */
export interface Created {
  readonly id: string;
  readonly outputs: WireMap;
}

/** An output that the provider computes. */
export interface OutputSpec {
  readonly type: "string" | "integer" | "boolean" | "strings" | "assets" | "archive";
  /** Encrypted in state, hidden in the display. @default false */
  readonly secret?: boolean;
}

export interface ResourceSpec<Inputs extends z.ZodObject> {
  /** Names, types, limits and defaults of the inputs. */
  readonly inputs: Inputs;
  /** Inputs that are secret whatever the program says. @default none */
  readonly secretInputs?: readonly string[];
  readonly outputs: Readonly<Record<string, OutputSpec>>;
  /** Inputs whose change replaces the resource. */
  readonly replaceOn: "every" | readonly string[];
  /** Rules over several inputs; runs only when each input is well-formed and known. */
  readonly problems?: (inputs: z.output<Inputs>) => CheckFailure[];
  readonly create: (step: Step<z.output<Inputs>>) => Promise<Created> | Created;
  /** Returns the computed outputs. @default an update keeps them and does nothing else */
  readonly update?: (step: Step<z.output<Inputs>>) => Promise<WireMap>;
  readonly delete?: (step: Step<z.output<Inputs>>) => Promise<void>;
  /** Turns an id given to `pulumi import` into inputs and computed outputs; absent = cannot be imported. */
  readonly import?: (id: string) => { id: string; inputs: WireMap; outputs: WireMap };
  /** What a refresh makes of the recorded outputs. @default the same */
  readonly refresh?: (state: WireMap) => WireMap;
  /** An output whose recorded value calls for a replacement although no input changed. @default none */
  readonly outdated?: (inputs: z.output<Inputs>, state: WireMap) => string | undefined;
  /** Computed outputs that will exist for these inputs. @default all */
  readonly expects?: (inputs: WireMap) => readonly string[];
}

/** One changed property; `output` marks one that is not an input. */
export interface Change {
  readonly key: string;
  readonly kind: "add" | "update" | "delete";
  readonly replace: boolean;
  readonly output?: boolean;
}

/** What changed between two sets of inputs; empty = nothing. */
export interface DiffResult {
  readonly changed: readonly Change[];
  /** A replacement must delete first. @default false */
  readonly deleteFirst?: boolean;
  /** Lines for the operator. @default none */
  readonly warnings?: readonly string[];
}

/** A resource as the provider finds it. */
export interface Found {
  readonly id: string;
  readonly inputs: WireMap;
  readonly state: WireMap;
}

/** A resource type ready to serve: wire values in, wire values out. */
export interface Resource {
  readonly inputNames: readonly string[];
  readonly requiredInputs: readonly string[];
  readonly outputs: Readonly<Record<string, OutputSpec>>;
  check(news: WireMap): { inputs: WireMap; failures: CheckFailure[] };
  diff(oldInputs: WireMap, news: WireMap, state: WireMap): DiffResult;
  /** The recorded resource as it is now; null when it is gone. */
  read(recorded: Found): Found | null;
  previewCreate(news: WireMap): WireMap;
  previewUpdate(news: WireMap, state: WireMap): WireMap;
  create(call: StepCall): Promise<{ id: string; state: WireMap }>;
  update(call: StepCall): Promise<WireMap>;
  delete(call: StepCall): Promise<void>;
  import(id: string): Found;
}

/** A step as the engine asks for it: `wire` not yet checked. */
export type StepCall = Omit<Step<never>, "inputs">;

/** Makes a served resource type of its description. */
export function defineResource<Inputs extends z.ZodObject>(spec: ResourceSpec<Inputs>): Resource {
  const inputNames = Object.keys(spec.inputs.shape);
  const requiredInputs = inputNames.filter((name) => !spec.inputs.shape[name]?.safeParse(undefined).success);
  const replaces = (key: string): boolean => spec.replaceOn === "every" || spec.replaceOn.includes(key);

  const parse = (wire: WireMap): z.output<Inputs> => {
    const parsed = spec.inputs.safeParse(plainMap(wire));
    if (parsed.success) return parsed.data;
    throw new PluginError(
      failuresOf(parsed.error)
        .map(({ property, reason }) => `${property}: ${reason}`)
        .join("\n"),
    );
  };
  const withDefaults = (wire: WireMap): WireMap => {
    const known = spec.inputs.partial().safeParse(plainMap(knownPart(wire)));
    return { ...(known.success ? dropAbsent(known.data as WireMap) : {}), ...wire };
  };
  const stateOf = (wire: WireMap, outputs: WireMap): WireMap => ({
    ...withDefaults(wire),
    ...Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [name, spec.outputs[name]?.secret ? secret(value) : value]),
    ),
  });
  const computedLater = (news: WireMap): WireMap => {
    const names = spec.expects?.(news) ?? Object.keys(spec.outputs);
    return stateOf(news, Object.fromEntries(names.map((name) => [name, unknownSentinel])));
  };
  const keptState = (news: WireMap, state: WireMap): WireMap =>
    stateOf(news, Object.fromEntries(Object.entries(state).filter(([name]) => !inputNames.includes(name))));
  const stepOf = (call: StepCall): Step<z.output<Inputs>> => ({ ...call, inputs: parse(call.wire) });

  return {
    inputNames,
    requiredInputs,
    outputs: spec.outputs,

    check(news) {
      const inputs = markSecrets(ownInputs(news), spec.secretInputs ?? []);
      const unknown = Object.keys(inputs).filter((key) => hasUnknown(inputs[key] ?? null));
      const schema =
        unknown.length === 0 ? spec.inputs : spec.inputs.omit(Object.fromEntries(unknown.map((key) => [key, true])) as never);
      const parsed = schema.safeParse(plainMap(knownPart(inputs)));
      const failures = parsed.success ? [] : failuresOf(parsed.error);
      const crossed = parsed.success && unknown.length === 0 ? (spec.problems?.(parsed.data as z.output<Inputs>) ?? []) : [];
      return { inputs, failures: [...failures, ...crossed] };
    },

    diff(oldInputs, news, state) {
      const [before, after] = [withDefaults(ownInputs(oldInputs)), withDefaults(ownInputs(news))];
      const changed = inputNames.filter((key) => hasUnknown(after[key] ?? null) || !sameValue(before[key], after[key]));
      const outdated = changed.length === 0 ? spec.outdated?.(parse(after), plainMap(state)) : undefined;
      if (outdated !== undefined) return { changed: [{ key: outdated, kind: "update", replace: true, output: true }] };
      return { changed: changed.map((key) => ({ key, kind: changeKind(before[key], after[key]), replace: replaces(key) })) };
    },

    read: (recorded) => ({ ...recorded, state: spec.refresh?.(recorded.state) ?? recorded.state }),

    previewCreate: computedLater,
    previewUpdate: (news, state) => (spec.update ? computedLater(news) : keptState(news, state)),

    async create(call) {
      const { id, outputs } = await spec.create(stepOf(call));
      return { id, state: stateOf(call.wire, outputs) };
    },

    async update(call) {
      if (!spec.update)
        throw new PluginError(`${call.name}: got an update; needs a replacement. pulumi up --replace "${call.urn}"`);
      return stateOf(call.wire, await spec.update(stepOf(call)));
    },

    async delete(call) {
      await spec.delete?.(stepOf(call));
    },

    import(id) {
      if (!spec.import)
        throw new PluginError(`id: got "${id}"; needs a resource type that can be imported. Create it with pulumi up`);
      const imported = spec.import(id);
      return { id: imported.id, inputs: imported.inputs, state: stateOf(imported.inputs, imported.outputs) };
    },
  };
}

/** Inputs of the resource itself: no nulls and none of the engine's own `__` keys. */
function ownInputs(wire: WireMap): WireMap {
  return Object.fromEntries(Object.entries(wire).filter(([key, value]) => !key.startsWith("__") && plain(value) !== null));
}

function knownPart(wire: WireMap): WireMap {
  return Object.fromEntries(Object.entries(wire).filter(([, value]) => !hasUnknown(value)));
}

function plainMap(wire: WireMap): WireMap {
  return Object.fromEntries(Object.entries(wire).map(([key, value]) => [key, withoutNulls(plain(value))]));
}

/** An absent nested input may arrive as null. */
function withoutNulls(value: Wire): Wire {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const present = Object.entries(value).filter(([, child]) => child !== null);
  return Object.fromEntries(present.map(([key, child]) => [key, withoutNulls(child)]));
}

function dropAbsent(map: WireMap): WireMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));
}

function markSecrets(wire: WireMap, names: readonly string[]): WireMap {
  return Object.fromEntries(Object.entries(wire).map(([key, value]) => [key, names.includes(key) ? secret(value) : value]));
}

function changeKind(before: Wire | undefined, after: Wire | undefined): "add" | "update" | "delete" {
  if (before === undefined) return "add";
  return after === undefined ? "delete" : "update";
}

/** Messages name the rule and never the value, which may be a secret. */
function failuresOf(error: z.ZodError): CheckFailure[] {
  return error.issues.map((issue) => ({ property: issue.path.join("."), reason: issue.message }));
}
