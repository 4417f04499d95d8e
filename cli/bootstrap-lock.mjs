// Part of bootstrap.mjs, and bound by its rules: plain JS for any Node, no dependencies.
import { createHash } from "crypto";
import { linkSync, mkdirSync, rmSync, rmdirSync, statSync, writeFileSync } from "fs";
import { dirname, join } from "path";
import { fileURLToPath } from "url";
import { readIfThere, writeAtomically } from "./bootstrap-files.mjs";

const lockFile = join(dirname(dirname(fileURLToPath(import.meta.url))), ".fidus", "install.lock");
const takeoverMs = 10000;

/**
 * The lock is one file that names its owner, put in place by link(2): it is never there without its content.
 * Only the winner of a claim made for this very owner may remove a dead one's lock, so no live lock is ever removed.
 */
export function takeLock() {
  mkdirSync(dirname(lockFile), { recursive: true });
  const own = `${lockFile}.${process.pid}`;
  writeFileSync(own, ownerLine(process.pid));
  try {
    linkSync(own, lockFile);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  } finally {
    rmSync(own, { force: true });
  }
  const owner = readIfThere(lockFile);
  if (owner !== null && !owner.split("\n").some(isAlive)) removeDead(owner);
  return false;
}

/** Removes the lock of an owner that has ended, unless somebody else is at it. */
function removeDead(owner) {
  const claim = `${lockFile}.claim-${createHash("sha256").update(owner).digest("hex").slice(0, 12)}`;
  try {
    mkdirSync(claim);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (ageMs(claim) > takeoverMs) removeFolder(claim);
    return;
  }
  if (readIfThere(lockFile) === owner) rmSync(lockFile, { force: true });
  removeFolder(claim);
}

/** npm is an owner too: killed alone, this process leaves npm working for a while. */
export function writeOwner(npmPid) {
  writeAtomically(lockFile, `${ownerLine(process.pid)}\n${ownerLine(npmPid)}`);
}

/** Process id and start time: ids are used again, ids at a time are not. */
function ownerLine(pid) {
  return `${pid} ${startTime(pid)}`;
}

function isAlive(line) {
  const [pid, started] = line.split(" ");
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (error.code !== "EPERM") return false;
  }
  return startTime(pid) === started;
}

/** Field 22 of /proc/<pid>/stat, counted behind the name, which may hold spaces; "-" where there is no /proc. */
function startTime(pid) {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat === null ? "-" : stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function ageMs(file) {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

function removeFolder(folder) {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

/** Lets the next one install. */
export function releaseLock() {
  rmSync(lockFile, { force: true });
}
