// Part of bootstrap.mjs, and bound by its rules: plain JS for any Node, no dependencies.
import { readFileSync, renameSync, writeFileSync } from "fs";

/** Writes a file in one step: nobody ever sees half of it. */
export function writeAtomically(file, text) {
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}

/** The text of a file, null when it is not there. */
export function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "ESRCH") return null;
    throw error;
  }
}
