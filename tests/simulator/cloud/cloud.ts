import { setTimeout } from "node:timers/promises";
import { PluginError } from "../../../toolchain/providers/grpc-server.ts";
import { sameValue, type WireMap } from "../../../toolchain/providers/values.ts";
import { checkInputs, type Checked } from "../check.ts";
import type { CloudRules, TypeRules } from "../rules/types.ts";
import type { PackageSchema, ResourceSchema } from "../schema/types.ts";
import type { FaultBook, Operation } from "./faults.ts";
import type { Store, Thing } from "./store.ts";

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
  async admit(operation: Operation, inputs: WireMap, ownId: string): Promise<void> {
    const { type } = operation;
    this.begin(operation, inputs);
    await this.#untilReady(type, inputs, ownId);
    const { failures, references } = this.look(type, inputs);
    const { rules } = this.typeOf(type);
    const lost = references.filter((to) => this.#named(to.type, to.value) === undefined);
    const taken = (rules.unique ?? []).filter((keys) => this.#isTaken(type, ownId, keys, inputs));
    this.#refuse(type, [
      ...[...failures, ...(rules.problems?.(inputs) ?? [])].map(({ property, reason }) => `${property}: ${reason}`),
      ...lost.map((to) => `${to.path}: no such ${to.type} (not_found)`),
      ...this.#soldOut(rules, inputs),
      ...taken.map((keys) => `${keys.join(", ")}: in use already (uniqueness_error)`),
      ...(ownId === ""
        ? [...this.#overQuota(type, inputs), ...(rules.refusesCreate?.(inputs, this.store) ?? [])]
        : this.#refusedUpdate(type, ownId, inputs)),
    ]);
  }

  /** Throws when this cloud refuses to delete a resource. */
  release(operation: Operation, inputs: WireMap, id: string): void {
    this.begin(operation, inputs);
    const { rules } = this.typeOf(operation.type);
    const users = rules.deletableInUse === true ? [] : this.#usersOf(operation.type, id);
    this.#refuse(operation.type, [
      ...(rules.refusesDelete?.(inputs) ?? []),
      ...users.map((user) => `${operation.name} is in use by ${user} (resource_in_use)`),
    ]);
  }

  /** Writes a call down; throws when it is one too many for all tries, or when a fault was set for it. */
  begin(operation: Operation, inputs: WireMap): void {
    const { retries, tooMany } = this.rules.manners;
    for (let tries = 0; this.faults.throttles(operation); tries++) if (tries === retries) this.#refuse(operation.type, [tooMany]);
    const refusal = this.faults.begin(operation, inputs, this.settings);
    this.#refuse(operation.type, refusal === undefined ? [] : [refusal]);
  }

  /** Whether it has been made: by this process, or in the meantime if the one that began it is gone. */
  isReady({ type, ready, begun = 0 }: Thing): boolean {
    const { latency = 0, endless = [] } = this.faults.faults;
    return ready || (!endless.includes(type) && Date.now() - begun >= latency);
  }

  /** Waits for what the inputs name, and for the thing itself, as long as the provider does; then throws as the vendor does. */
  async #untilReady(type: string, inputs: WireMap, ownId: string): Promise<void> {
    const { patience, notReady } = this.rules.manners;
    const named = this.look(type, inputs).references.map((to) => this.#named(to.type, to.value));
    const until = Date.now() + patience;
    for (const thing of [this.store.find(type, ownId), ...named]) {
      while (thing !== undefined && !this.isReady(thing)) {
        if (Date.now() >= until) this.#refuse(type, [`${thing.name} ${notReady(thing.type)}`]);
        await setTimeout(20);
      }
    }
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

  /** Limits hold for a region where a cloud has regions. */
  #overQuota(type: string, inputs: WireMap): string[] {
    const counts = (of: string, what: WireMap) => this.typeOf(of).rules.counts?.(what) ?? { quota: of, amount: 1 };
    const { quota, amount } = counts(type, inputs);
    const limit = this.faults.faults.quotas?.[quota];
    if (limit === undefined) return [];
    const here = this.store
      .all()
      .filter(({ outputs: { region } }) => (region ?? this.settings["region"]) === this.settings["region"]);
    const counted = here.map((thing) => counts(thing.type, thing.inputs)).filter((each) => each.quota === quota);
    const used = counted.reduce((sum, each) => sum + each.amount, 0);
    return used + amount > limit
      ? [`${used} of ${limit} in use, the account's limit for ${quota} (${this.rules.manners.limit(quota)})`]
      : [];
  }

  #refusedUpdate(type: string, id: string, inputs: WireMap): string[] {
    const thing = this.store.find(type, id);
    if (thing === undefined) return [`${id} does not exist (not_found)`];
    return this.typeOf(type).rules.refusesUpdate?.(thing.inputs, inputs) ?? [];
  }

  /** By id, by ARN, or by name where the vendor takes both. */
  #named(type: string, value: string): Thing | undefined {
    const things = (): Thing[] => this.store.all().filter((thing) => thing.type === type);
    // By id there is one file to read; a cloud of two regions has some two hundred.
    return (
      this.store.find(type, value) ?? things().find(({ inputs, outputs }) => [inputs["name"], outputs["arn"]].includes(value))
    );
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
