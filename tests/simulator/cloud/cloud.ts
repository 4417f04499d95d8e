import { PluginError } from "../../../toolchain/providers/grpc-server.ts";
import { sameValue, type WireMap } from "../../../toolchain/providers/values.ts";
import { checkInputs, type Checked } from "../check.ts";
import type { CloudRules, TypeRules } from "../rules/types.ts";
import type { PackageSchema, ResourceSchema } from "../schema/types.ts";
import type { FaultBook, Operation } from "./faults.ts";
import type { Store } from "./store.ts";

/** One simulated cloud: what its SDK knows, what its vendor demands, what exists, what goes wrong. */
export class Cloud {
  readonly schema: PackageSchema;
  readonly rules: CloudRules;
  readonly store: Store;
  readonly faults: FaultBook;
  /** The provider's settings, once it is configured. */
  settings: WireMap = {};

  constructor(schema: PackageSchema, rules: CloudRules, store: Store, faults: FaultBook) {
    this.schema = schema;
    this.rules = rules;
    this.store = store;
    this.faults = faults;
  }

  /** Schema and rules of a type. */
  typeOf(type: string): { readonly schema: ResourceSchema; readonly rules: TypeRules; readonly required: readonly string[] } {
    const [schema, rules] = [this.schema.resources[type], this.rules.types[type]];
    if (!schema || !rules) throw new PluginError(`${type}: got a type without rules; needs a row in tests/simulator/rules`);
    return { schema, rules, required: [...new Set([...schema.inputs.required, ...(rules.required ?? [])])] };
  }

  /** What is wrong with plain inputs as far as they are known, and which resources they name. */
  look(type: string, inputs: WireMap): Checked {
    const { schema, rules, required } = this.typeOf(type);
    return checkInputs(inputs, { ...schema.inputs, required }, rules.inputs);
  }

  /** Throws when this cloud refuses to make or change a resource. `ownId` is empty for a new one. */
  admit(operation: Operation, inputs: WireMap, ownId: string): void {
    const { type } = operation;
    this.#begin(operation, inputs);
    const { failures, references } = this.look(type, inputs);
    const { rules } = this.typeOf(type);
    const lost = references.filter((to) => !this.#exists(to.type, to.value));
    const taken = (rules.unique ?? []).filter((keys) => this.#isTaken(type, ownId, keys, inputs));
    this.#refuse(type, [
      ...[...failures, ...(rules.problems?.(inputs) ?? [])].map(({ property, reason }) => `${property}: ${reason}`),
      ...lost.map((to) => `${to.path}: no such ${to.type} (not_found)`),
      ...this.#soldOut(rules, inputs),
      ...taken.map((keys) => `${keys.join(", ")}: in use already (uniqueness_error)`),
      ...(ownId === ""
        ? [...this.#overQuota(type), ...(rules.refusesCreate?.(inputs, this.store) ?? [])]
        : this.#refusedUpdate(type, ownId, inputs)),
    ]);
  }

  /** Throws when this cloud refuses to delete a resource. */
  release(operation: Operation, inputs: WireMap, id: string): void {
    this.#begin(operation, inputs);
    const { rules } = this.typeOf(operation.type);
    const users = rules.deletableInUse === true ? [] : this.#usersOf(operation.type, id);
    this.#refuse(operation.type, [
      ...(rules.refusesDelete?.(inputs) ?? []),
      ...users.map((user) => `${operation.name} is in use by ${user} (resource_in_use)`),
    ]);
  }

  #begin(operation: Operation, inputs: WireMap): void {
    const refusal = this.faults.begin(operation, inputs, this.settings);
    this.#refuse(operation.type, refusal === undefined ? [] : [refusal]);
  }

  #refuse(type: string, problems: readonly string[]): void {
    if (problems.length > 0) throw new PluginError(`simulated ${type}: ${problems.join("; ")}`);
  }

  #soldOut({ madeOf }: TypeRules, inputs: WireMap): string[] {
    const { soldOut = [] } = this.faults.faults;
    const wanted = madeOf?.(inputs) ?? [];
    const none = wanted.length > 0 && wanted.every((part) => soldOut.includes(part));
    return none ? [`there is no ${wanted.join(" or ")} at the moment (insufficient_capacity)`] : [];
  }

  #overQuota(type: string): string[] {
    const quota = this.faults.faults.quotas?.[type];
    const count = this.store.all().filter((thing) => thing.type === type).length;
    return quota !== undefined && count >= quota ? [`${count} exist, the account's limit (resource_limit_exceeded)`] : [];
  }

  #refusedUpdate(type: string, id: string, inputs: WireMap): string[] {
    const thing = this.store.find(type, id);
    if (thing === undefined) return [`${id} does not exist (not_found)`];
    return this.typeOf(type).rules.refusesUpdate?.(thing.inputs, inputs) ?? [];
  }

  /** By id, by ARN, or by name where the vendor takes both. */
  #exists(type: string, value: string): boolean {
    const things = this.store.all().filter((thing) => thing.type === type);
    return things.some(({ id, inputs, outputs }) => [id, inputs["name"], outputs["arn"]].includes(value));
  }

  #isTaken(type: string, ownId: string, keys: readonly string[], inputs: WireMap): boolean {
    if (keys.some((key) => inputs[key] === undefined)) return false;
    const others = this.store.all().filter((thing) => thing.type === type && thing.id !== ownId);
    return others.some((thing) => keys.every((key) => sameValue(thing.inputs[key], inputs[key])));
  }

  #usersOf(type: string, id: string): string[] {
    const arn = this.store.find(type, id)?.outputs["arn"];
    const users = this.store.all().filter((thing) => {
      const { references } = this.look(thing.type, thing.inputs);
      return references.some((to) => to.type === type && (to.value === id || to.value === arn));
    });
    return users.map(({ name }) => name);
  }
}
