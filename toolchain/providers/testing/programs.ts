import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout that this file is in. */
export const ownCheckout = resolve(import.meta.dirname, "../../..");

/** The engine binary. Throws when there is none: an engine test that cannot run has failed. */
export function enginePath(): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const places = [
    process.env["FIDUS_TEST_PULUMI"],
    join(cache, "fidus/toolchain/bin/pulumi"),
    join(homedir(), ".cache/fidus-dev/pulumi"),
  ].filter((place) => place !== undefined);
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`pulumi: got none at ${places.join(", ")}; needs the engine. ./fidus toolchain`);
  return found;
}

/** Node that runs the stand-ins and programs: the pinned one where npm installed it. */
export function nodePath(): string {
  const pinned = join(ownCheckout, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  return existsSync(pinned) ? pinned : process.execPath;
}
