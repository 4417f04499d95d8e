import { PluginError } from "../../toolchain/providers/grpc-server.ts";
import type { Resource } from "../../toolchain/providers/resource.ts";
import {
  hasUnknown,
  plain,
  sameValue,
  secret,
  unknownSentinel,
  type Wire,
  type WireMap,
} from "../../toolchain/providers/values.ts";
import { plainInputs } from "./check.ts";
import type { Cloud } from "./cloud/cloud.ts";
import { diffInputs } from "./replace.ts";

/** Serves one type of a simulated cloud: SDK types and confirmed rules decide what is accepted, the store what exists. */
export function simulatedResource(cloud: Cloud, type: string): Resource {
  const { schema, rules, required } = cloud.typeOf(type);
  const { store } = cloud;
  const seal = (values: WireMap): WireMap =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, schema.secrets.includes(key) ? secret(value) : value]));
  /** Outputs that are no inputs of this resource. */
  const ownOutputs = (inputs: WireMap): string[] => Object.keys(rules.outputs).filter((key) => inputs[key] === undefined);
  const compute = (made: { id: string; number: number; inputs: WireMap }): WireMap =>
    Object.fromEntries(
      ownOutputs(made.inputs).map((key) => [key, rules.outputs[key]?.({ ...made, store, settings: cloud.settings }) ?? null]),
    );

  return {
    inputNames: Object.keys(schema.inputs.fields),
    requiredInputs: required,
    outputs: {},

    check(news) {
      const inputs = plainInputs(news);
      const { failures } = cloud.look(type, inputs);
      const complete = failures.length === 0 && !hasUnknown(inputs);
      return { inputs: seal(ownWire(news)), failures: [...failures, ...(complete ? (rules.problems?.(inputs) ?? []) : [])] };
    },

    diff: (oldInputs, news) => diffInputs(type, plainInputs(oldInputs), plainInputs(news)),

    read({ id, inputs, state }) {
      cloud.begin({ kind: "read", type, name: id }, plainInputs(inputs));
      const thing = store.find(type, id);
      if (thing === undefined) return null;
      return { id, inputs: keepMarks(inputs, thing.inputs), state: keepMarks(state, thing.outputs) };
    },

    previewCreate(news) {
      const later = ownOutputs(plainInputs(news)).map((key) => [key, unknownSentinel]);
      return { ...ownWire(news), ...seal(Object.fromEntries(later) as WireMap) };
    },

    previewUpdate(news, state) {
      const [before, after] = [plainInputs(state), plainInputs(news)];
      const later = ownOutputs(after).map((key) => {
        return [key, rules.changing?.[key]?.when(before, after) ? unknownSentinel : (state[key] ?? unknownSentinel)];
      });
      return { ...ownWire(news), ...seal(Object.fromEntries(later) as WireMap) };
    },

    async create({ wire, name }) {
      const inputs = plainInputs(wire);
      await cloud.admit({ kind: "create", type, name }, inputs, "");
      const number = store.nextNumber();
      const id = rules.id(number, inputs);
      const outputs = compute({ id, number, inputs });
      const thing = { type, id, name, inputs, outputs: { ...inputs, ...outputs } };
      store.put({ ...thing, ready: false, begun: Date.now() });
      const { latency, endless = [] } = cloud.faults.faults;
      await pause(endless.includes(type) ? 3_600_000 : latency);
      store.put({ ...thing, ready: true });
      return { id, state: { ...ownWire(wire), ...seal(outputs) } };
    },

    async update({ wire, id, name }) {
      const inputs = plainInputs(wire);
      await cloud.admit({ kind: "update", type, name }, inputs, id);
      await pause(cloud.faults.faults.latency);
      const thing = store.find(type, id);
      const before = thing?.outputs ?? {};
      const fresh = compute({ id, number: 0, inputs });
      const changed = (key: string): Wire | undefined => {
        const rule = rules.changing?.[key];
        return thing && rule?.when(thing.outputs, inputs) ? rule.to(thing, inputs) : undefined;
      };
      const outputs = Object.fromEntries(
        ownOutputs(inputs).map((key) => [key, changed(key) ?? before[key] ?? fresh[key] ?? null]),
      );
      store.put({ type, id, name, inputs, outputs: { ...inputs, ...outputs }, ready: true });
      return { ...ownWire(wire), ...seal(outputs) };
    },

    async delete({ wire, id, name }) {
      cloud.release({ kind: "delete", type, name }, plainInputs(wire), id);
      await pause(cloud.faults.faults.latency);
      store.remove(type, id);
    },

    import(id) {
      const thing = store.find(type, id);
      if (thing === undefined) throw new PluginError(`simulated ${type}: ${id} does not exist (not_found)`);
      return { id, inputs: seal(thing.inputs), state: seal(thing.outputs) };
    },
  };
}

/** The inputs as the wire has them, marks included. */
function ownWire(wire: WireMap): WireMap {
  return Object.fromEntries(Object.entries(wire).filter(([key, value]) => !key.startsWith("__") && plain(value) !== null));
}

/** The cloud's values with the secret marks of the recorded ones. */
function keepMarks(recorded: WireMap, actual: WireMap): WireMap {
  const marked = (old: Wire | undefined, value: Wire): Wire => {
    if (old === undefined) return value;
    if (sameValue(old, value)) return old;
    return JSON.stringify(old) === JSON.stringify(plain(old)) ? value : secret(value);
  };
  return Object.fromEntries(Object.entries(actual).map(([key, value]) => [key, marked(recorded[key], value)]));
}

async function pause(milliseconds = 0): Promise<void> {
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
