// Runs on whatever Node the user has, before anything is installed: plain JS, no dependencies, and only imports that
// even Node 12 understands, so that an old one gets a sentence instead of a syntax error.
// stdout: one line, the path of the Node 24 that runs cli/main.ts. stderr: progress. Exit: 0, or 1 with the reason.
import { spawn, spawnSync } from "child_process";
import { createHash } from "crypto";
import { existsSync, readFileSync, rmSync } from "fs";
import { delimiter, dirname, join } from "path";
import { fileURLToPath } from "url";
import { readIfThere, writeAtomically } from "./bootstrap-files.mjs";
import { releaseLock, takeLock, writeOwner } from "./bootstrap-lock.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifests = ["package-lock.json", "package.json", "app/package.json"];
const marker = join(root, "node_modules", ".fidus-lock");
const wantedNode = 24;
const heartbeatMs = 15000;
const shownLines = 30;

class Refusal extends Error {
  constructor({ path, got, rule, fix }) {
    super(`${path}: got ${got}; needs ${rule}. ${fix}`);
  }
}

refuseUnsupported()
  .then(async () => {
    if (!isFresh()) await installOnce();
    process.stdout.write(`${findNode()}\n`);
  })
  .catch((error) => {
    process.stderr.write(`fidus: ${error instanceof Refusal ? error.message : sentence(error)}\n`);
    process.exitCode = 1;
  });

/** Errors of the file system name their file; anything else is a fault of ours and shows where. */
function sentence(error) {
  if (error.code === "ENOSPC") return `${root}: got a full disk; needs 2 GB free. Make room, then run the same command again.`;
  if (!["EACCES", "EPERM", "EROFS"].includes(error.code)) return error.stack;
  return `${error.path || root}: got ${error.code}; needs a checkout you may write to. sudo chown -R "$USER" ${root}`;
}

async function refuseUnsupported() {
  const { platform, arch, versions } = process;
  const refuse = (path, got, rule, fix) => {
    throw new Refusal({ path, got, rule, fix });
  };
  if (platform === "win32")
    refuse("platform", "Windows", "Linux, macOS or WSL2", "wsl --install -d Debian, then run Fidus in there.");
  if (platform !== "linux" && platform !== "darwin")
    refuse("platform", platform, "Linux, macOS or WSL2", "Run Fidus on one of these.");
  if (arch !== "x64" && arch !== "arm64")
    refuse("architecture", arch, "64 bit: x64 or arm64", "Use a 64-bit system and a 64-bit Node.");
  if (major(versions.node) < 18)
    refuse("node", versions.node, "18 or newer", "apt-get install -y nodejs npm (macOS: brew install node@24)");
}

/** True when node_modules holds what package-lock.json asks for. */
function isFresh() {
  if (!existsSync(join(root, "package-lock.json"))) {
    throw new Refusal({
      path: "package-lock.json",
      got: "nothing",
      rule: "the committed file",
      fix: `git -C ${root} checkout package-lock.json`,
    });
  }
  const wanted = fingerprint();
  const [found, ...folders] = (readIfThere(marker) || "").split("\n");
  if (found === wanted && folders.every((folder) => existsSync(join(root, folder)))) return true;
  if (!isInstalledByHand()) return false;
  writeMarker(wanted);
  return true;
}

function fingerprint() {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}\n`);
  for (const file of manifests) hash.update(`${file}\n${readIfThere(join(root, file))}\n`);
  return hash.digest("hex");
}

/** Written last, so an interrupted install leaves none. Beside the fingerprint: module folders outside node_modules. */
function writeMarker(wanted) {
  const nested = Object.keys(lockedPackages()).flatMap((key) =>
    (/^(?!node_modules\/)(.*?\/node_modules)\//.exec(key) || []).slice(1),
  );
  writeAtomically(marker, [wanted, ...new Set(nested)].join("\n"));
}

function lockedPackages() {
  return JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
}

/** A developer's own `npm install` or `npm ci` counts too: npm records what it installed, after it has. */
function isInstalledByHand() {
  const record = readIfThere(join(root, "node_modules", ".package-lock.json"));
  if (record === null) return false;
  const installed = JSON.parse(record).packages;
  return Object.entries(lockedPackages()).every(([key, wanted]) => {
    const found = installed[key];
    if (key === "") return true;
    if (found === undefined) return wanted.optional === true && !isOurs(wanted);
    return found.version === wanted.version && found.integrity === wanted.integrity && existsSync(join(root, key));
  });
}

/** Optional packages of other platforms are never installed; those of this one may not be missing. */
function isOurs({ os, cpu, libc }) {
  const fits = (list, mine) => list === undefined || list.includes(mine);
  return (os !== undefined || cpu !== undefined) && fits(os, process.platform) && fits(cpu, process.arch) && fits(libc, "glibc");
}

/** Two first runs at once: one installs, the other waits for it. */
async function installOnce() {
  const waited = progress("waiting for another ./fidus that installs packages");
  try {
    while (!takeLock()) await new Promise((resolve) => setTimeout(resolve, 200));
  } finally {
    waited.end();
  }
  try {
    if (!isFresh()) await install();
  } finally {
    releaseLock();
  }
}

async function install() {
  const npm = findNpm();
  const wanted = fingerprint();
  rmSync(marker, { force: true });
  const shown = progress("installing packages (npm ci)", true);
  const options = ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  const { code, output } = await runNpm(npm, options).finally(() => shown.end());
  if (code !== 0) {
    process.stderr.write(`${output.trimEnd().split("\n").slice(-shownLines).join("\n")}\n`);
    throw new Refusal({
      path: "node_modules",
      got: `"npm ci" ended with ${code}`,
      rule: "every package of package-lock.json from your npm registry",
      fix: `See the lines above; "npm ping" tests the registry. Then run the same command again.`,
    });
  }
  writeMarker(wanted);
  shown.done("packages installed");
}

/** npm's own output is kept for the case that it fails. A signal stops npm first, then us. */
function runNpm([command, ...first], options) {
  return new Promise((resolve, reject) => {
    let stopped = null;
    // Before npm starts: a signal in between would end this process alone, and leave npm and the lock behind.
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => npm.kill((stopped = name)));
    const npm = spawn(command, [...first, ...options], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    writeOwner(npm.pid);
    let output = "";
    const keep = (chunk) => (output = (output + chunk).slice(-65536));
    npm.stdout.on("data", keep);
    npm.stderr.on("data", keep);
    npm.on("error", reject);
    npm.on("close", (code, signal) => resolve({ code: stopped || signal || code, output }));
  });
}

/** The user's own npm, else the one that came with the Node that runs. */
function findNpm() {
  const [onPath] = onPathNamed("npm");
  if (onPath !== undefined) return [onPath];
  const bundled = join(dirname(process.execPath), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js");
  if (existsSync(bundled)) return [process.execPath, bundled];
  throw new Refusal({
    path: "npm",
    got: "nothing on PATH",
    rule: "npm 8 or newer",
    fix: "apt-get install -y npm (macOS: brew install node@24)",
  });
}

/** Absolute path of a Node 24 or newer: this one, the npm package's, or one on PATH. */
function findNode() {
  if (major(process.versions.node) >= wantedNode) return process.execPath;
  const packaged = join(root, "node_modules", `node-linux-${process.arch}`, "bin", "node");
  if (process.platform === "linux" && existsSync(packaged) && major(nodeVersion(packaged)) >= wantedNode) return packaged;
  const other = onPathNamed("node").find((file) => major(nodeVersion(file)) >= wantedNode);
  if (other !== undefined) return other;
  const fix =
    process.platform === "darwin"
      ? "brew install node@24"
      : isMusl()
        ? "apk add nodejs npm (Alpine 3.23 or newer)"
        : `rm -r ${join(root, "node_modules")}, then run the same command again`;
  const got = isMusl()
    ? `${process.versions.node} on musl, where the npm package of Node 24 does not run`
    : process.versions.node;
  throw new Refusal({ path: "node", got, rule: `Node ${wantedNode} on PATH or from npm`, fix });
}

/** "0" when the file does not run here, a Linux binary on musl for example. Costs one start: the package's version is pinned and read instead. */
function nodeVersion(file) {
  const pinned = readIfThere(join(dirname(file), "..", "package.json"));
  if (pinned !== null && !isMusl()) return JSON.parse(pinned).version;
  const { status, stdout } = spawnSync(file, ["-p", "process.versions.node"], { encoding: "utf8", timeout: 10000 });
  return status === 0 ? stdout.trim() : "0";
}

function isMusl() {
  return process.platform === "linux" && existsSync(`/lib/ld-musl-${process.arch === "x64" ? "x86_64" : "aarch64"}.so.1`);
}

function onPathNamed(name) {
  return (process.env.PATH || "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .filter((file) => existsSync(file));
}

function major(version) {
  return Number.parseInt(version, 10);
}

/** Elapsed time on stderr: in place on a terminal, else a line now and then. Silent when it ends within half a second, unless `atOnce`. */
function progress(title, atOnce = false) {
  const startedAt = Date.now();
  const tty = process.stderr.isTTY === true;
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const show = () => process.stderr.write(tty ? `\r\u001b[2K… ${title} (${seconds()} s)` : `… ${title} (${seconds()} s)\n`);
  let shown = atOnce;
  if (atOnce) show();
  const first = setTimeout(() => (shown || show(), (shown = true)), 500);
  const timer = setInterval(show, tty ? 1000 : heartbeatMs);
  return {
    end() {
      clearTimeout(first);
      clearInterval(timer);
      if (shown && tty) process.stderr.write("\r\u001b[2K");
    },
    done: (text) => process.stderr.write(`✓ ${text} (${seconds()} s)\n`),
  };
}
