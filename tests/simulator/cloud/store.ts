import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { WireMap } from "../../../toolchain/providers/values.ts";
import { claimNumber, readFolder, readValue, writeWhole } from "./files.ts";

/** A resource that exists in a simulated cloud. */
export interface Thing {
  readonly type: string;
  readonly id: string;
  /** Logical name in the program that made it. */
  readonly name: string;
  /** Plain values, as the cloud knows them: secrets too. */
  readonly inputs: WireMap;
  /** All properties, inputs included. */
  readonly outputs: WireMap;
  /** False while it is being made, or until the time is over that this takes: see `Cloud.isReady`. */
  readonly ready: boolean;
  /** When its making began, ms since 1970. @default long ago */
  readonly begun?: number;
}

/**
 * What exists in one simulated cloud: one file per resource, so that several plugins can work at once and a test can
 * change or remove a resource behind the engine's back.
 */
export class Store {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Every resource, by type and id. */
  all(): Thing[] {
    const things = readFolder<Thing>(join(this.#folder, "things"));
    return things.sort((a, b) => (`${a.type} ${a.id}` < `${b.type} ${b.id}` ? -1 : 1));
  }

  find(type: string, id: string): Thing | undefined {
    return readValue<Thing | undefined>(this.#file(type, id), undefined);
  }

  put(thing: Thing): void {
    writeWhole(this.#file(thing.type, thing.id), thing);
  }

  remove(type: string, id: string): void {
    rmSync(this.#file(type, id), { force: true });
  }

  /** A number that no other resource of this cloud has or had. */
  nextNumber(): number {
    return claimNumber(join(this.#folder, "numbers"), {});
  }

  #file(type: string, id: string): string {
    const digest = createHash("sha256").update(`${type} ${id}`).digest("hex").slice(0, 24);
    return join(this.#folder, "things", `${digest}.json`);
  }
}
