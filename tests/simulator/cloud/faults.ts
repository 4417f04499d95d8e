import { join } from "node:path";
import type { Wire, WireMap } from "../../../toolchain/providers/values.ts";
import { claimNumber, readFolder, readValue, writeWhole } from "./files.ts";

export type OperationKind = "create" | "update" | "delete" | "read" | "invoke";

/** One step that the engine asked of a cloud; of an invoke the name is empty. */
export interface Operation {
  readonly kind: OperationKind;
  readonly type: string;
  readonly name: string;
}

/** Why a cloud says no: no stock, no capacity, too many calls, a region that is down. */
export interface Refusal {
  /** Beginning of the resource types it holds for: `aws:` is a whole cloud. */
  readonly type: string;
  /** @default "create" */
  readonly kind?: OperationKind | "any";
  /** Inputs and their values. @default whatever they are */
  readonly where?: Readonly<Record<string, Wire>>;
  /** Settings of the provider and their values: `{ region: "eu-west-1" }` is that region. @default whatever they are */
  readonly settings?: Readonly<Record<string, Wire>>;
  /** The vendor's error text. */
  readonly message: string;
  /** How often it refuses before it lets pass. @default for ever */
  readonly times?: number;
}

/** Calls that are answered with "too many requests" before one passes: the provider tries again as often as the real one. */
export interface Throttle {
  /** Beginning of the types and functions it holds for: `hcloud:` is a whole cloud. */
  readonly type: string;
  readonly calls: number;
}

/** What goes wrong in the simulated clouds, set by the test. */
export interface Faults {
  /** The number of the operation that fails, from 1 since the log was cleared; reads are not counted. @default none */
  readonly failOperation?: number;
  /** @default none */
  readonly refusals?: readonly Refusal[];
  /** @default none */
  readonly throttles?: readonly Throttle[];
  /** How many of a type, or how much of another quota, an account may have. @default no limit */
  readonly quotas?: Readonly<Record<string, number>>;
  /** What the clouds have none of: instance types. @default they have everything */
  readonly soldOut?: readonly string[];
  /** How long each operation takes, ms. @default 0 */
  readonly latency?: number;
  /** Types whose creation takes so long that it is never over, though the thing exists: for engines that are killed. @default none */
  readonly endless?: readonly string[];
}

/** Faults and the log of operations, shared by all clouds of one folder. */
export class FaultBook {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get faults(): Faults {
    return readValue<Faults>(join(this.#folder, "faults.json"), {});
  }

  set faults(faults: Faults) {
    writeWhole(join(this.#folder, "faults.json"), faults);
  }

  /** Every operation since the log was cleared, in order. */
  get operations(): Operation[] {
    return readFolder<Operation>(join(this.#folder, "operations"));
  }

  /** Writes the operation down; returns why it fails, undefined when it may go on. */
  begin(operation: Operation, inputs: WireMap, settings: WireMap): string | undefined {
    const { failOperation, refusals = [] } = this.faults;
    if (operation.kind !== "read") {
      const number = claimNumber(join(this.#folder, "operations"), operation);
      if (number === failOperation) return `injected failure of operation ${number}: ${operation.kind} ${operation.name}`;
    }
    const index = refusals.findIndex((refusal) => applies(refusal, operation, inputs, settings));
    const refusal = refusals[index];
    if (refusal === undefined) return undefined;
    const count = claimNumber(join(this.#folder, `refused-${index}`), operation);
    return refusal.times !== undefined && count > refusal.times ? undefined : refusal.message;
  }

  /** True when this call is one too many. */
  throttles({ type }: Operation): boolean {
    const { throttles = [] } = this.faults;
    const index = throttles.findIndex((throttle) => type.startsWith(throttle.type));
    const folder = join(this.#folder, `throttled-${index}`);
    if (index < 0 || readFolder(folder).length >= (throttles[index]?.calls ?? 0)) return false;
    claimNumber(folder, type);
    return true;
  }

  /** How many calls the throttle of this index has answered. */
  throttled(index: number): number {
    return readFolder(join(this.#folder, `throttled-${index}`)).length;
  }
}

function applies(refusal: Refusal, operation: Operation, inputs: WireMap, provider: WireMap): boolean {
  const { type, kind = "create", where = {}, settings = {} } = refusal;
  const same = (wanted: Readonly<Record<string, Wire>>, given: WireMap): boolean =>
    Object.entries(wanted).every(([key, value]) => given[key] === value);
  const sameKind = kind === "any" || kind === operation.kind;
  return operation.type.startsWith(type) && sameKind && same(where, inputs) && same(settings, provider);
}
