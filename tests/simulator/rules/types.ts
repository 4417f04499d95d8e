import type { CheckFailure } from "../../../toolchain/providers/resource.ts";
import type { Wire, WireMap } from "../../../toolchain/providers/values.ts";
import type { Store, Thing } from "../cloud/store.ts";

/** A rule for one value, confirmed by hand against the vendor's documents. */
export interface ValueRule {
  /** What is allowed, in words: "needs …". */
  readonly rule: string;
  readonly ok: (value: Wire) => boolean;
  /** Type of the resource whose id (or name) the value is; it must exist when the step runs. @default refers to nothing */
  readonly refersTo?: string;
}

/** What is known when a resource is made. */
export interface Made {
  readonly id: string;
  /** Counts the resources of this cloud, from 1. */
  readonly number: number;
  readonly inputs: WireMap;
  readonly settings: WireMap;
  readonly store: Store;
}

/** An output that does not outlive every update. */
export interface ChangingOutput {
  /** Whether a change of the inputs changes it. */
  readonly when: (before: WireMap, after: WireMap) => boolean;
  readonly to: (before: Thing, after: WireMap) => Wire;
}

/** What the simulated cloud knows about one resource type beside the SDK's types. */
export interface TypeRules {
  /**
   * A rule per input path: `size`, `rules[].port`, `labels` for the whole map. A path without a rule is refused:
   * nobody has confirmed yet what the real cloud makes of it.
   */
  readonly inputs: Readonly<Record<string, ValueRule>>;
  /** Inputs that the vendor, or this project, needs although the SDK does not. @default none */
  readonly required?: readonly string[];
  /** Broken rules over several inputs; runs when all are known. @default none */
  readonly problems?: (inputs: WireMap) => CheckFailure[];
  /** Why a new resource cannot be made beside what exists, with the vendor's error code. @default it always can */
  readonly refusesCreate?: (inputs: WireMap, store: Store) => string[];
  /** Why an existing resource cannot be changed so. @default it always can */
  readonly refusesUpdate?: (before: WireMap, after: WireMap) => string[];
  /** Why an existing resource cannot be deleted. @default it always can */
  readonly refusesDelete?: (inputs: WireMap) => string[];
  /** What it is made of, any one of which will do: a cloud that has none of them refuses. @default nothing scarce */
  readonly madeOf?: (inputs: WireMap) => readonly string[];
  /** The quota that it counts against, and for how much. @default one of its type */
  readonly counts?: (inputs: WireMap) => { readonly quota: string; readonly amount: number };
  /** Outputs that an update may change; unknown in its preview when it does. @default none */
  readonly changing?: Readonly<Record<string, ChangingOutput>>;
  /** Sets of inputs whose values no two resources may share. @default none */
  readonly unique?: readonly (readonly string[])[];
  /** The id as the vendor writes it. */
  readonly id: (number: number, inputs: WireMap) => string;
  /** Every computed output, and the value of optional inputs that are not set. */
  readonly outputs: Readonly<Record<string, (made: Made) => Wire>>;
  /** Can be deleted while another resource refers to it. @default false */
  readonly deletableInUse?: boolean;
}

/** What is known when a data source is asked. */
export interface Asked {
  readonly settings: WireMap;
  readonly store: Store;
  /** What the cloud has none of at the moment. */
  readonly soldOut: readonly string[];
}

/** A data source: rules of its arguments and its answer. */
export interface FunctionRules {
  readonly inputs: Readonly<Record<string, ValueRule>>;
  /** Undefined when there is nothing of the kind, which the vendor answers with an error. */
  readonly result: (args: WireMap, asked: Asked) => WireMap | undefined;
}

/** How a provider takes what passes by itself, and how its cloud says no to an account. */
export interface Manners {
  /** How often it asks again when it asked too much. */
  readonly retries: number;
  /** What it says when the last try was too much as well. */
  readonly tooMany: string;
  /** How long it waits for something that another call is still making, ms. 0: it is refused at once. */
  readonly patience: number;
  /** What it says of something that is not ready, by its type. */
  readonly notReady: (type: string) => string;
  /** The code of the account's limit, by what is counted: a type, or another quota's name. */
  readonly limit: (quota: string) => string;
}

/** One simulated cloud. */
export interface CloudRules {
  readonly manners: Manners;
  /** Rules of the provider's own settings by name. */
  readonly settings: Readonly<Record<string, ValueRule>>;
  /** Settings that must be set. */
  readonly requiredSettings: readonly string[];
  readonly types: Readonly<Record<string, TypeRules>>;
  readonly functions: Readonly<Record<string, FunctionRules>>;
}
