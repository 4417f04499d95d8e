import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { newEngine } from "../tests/docker/own-engine.ts";
import { checkout } from "../tests/docker/product.ts";
import { resultsFolder, type RunRecord } from "../tests/run.ts";
import { timed, writeSection, type Figure } from "./report.ts";

/**
 * `npm start`, then `npm test`, as somebody's very first commands: a fresh clone of the last commit, an empty home folder (caches of
 * npm, Go and pip, toolchain, models), and a Docker engine that holds no image. What stays is how this machine reaches its
 * registries. `node bench/cold.ts --no-test` leaves the tests out.
 */
const { values: options } = parseArgs({ options: { test: { type: "boolean", default: true } }, allowNegative: true });

/** Settings of registry clients, not caches. */
const kept = [".npmrc", ".pip/pip.conf", ".config/pip/pip.conf", ".config/go/env"];
/** Not measured, no vendor host can be reached from here: a generous guess at all archives, and a slow line. */
const vendor = { megabytes: 500, megabitsPerSecond: 50 };

const engine = await newEngine({ online: true });
const folder = mkdtempSync(join(tmpdir(), "fidus-cold-"));
const clone = join(folder, "fidus");
try {
  await engine.start();
  await execa("git", ["clone", "--quiet", checkout, clone]);
  const env = coldEnvironment();
  const start = await timed(() => run(env, "npm", "start"));
  const steps = readSteps(start.result);
  const figures: Figure[] = [
    { name: "**`npm start`, all of it**", values: [start.seconds], unit: "s", goal: "≤ 20 min" },
    ...steps.map(({ name, seconds }) => ({ name, values: [seconds], unit: "s" as const })),
    { name: "estimate: with vendor downloads", values: [estimate(start.seconds, steps)], unit: "s", goal: "≤ 5 min" },
  ];
  if (options.test) {
    const tests = await timed(() => run(env, "npm", "test"));
    figures.push({ name: "**`npm test` after it**", values: [tests.seconds], unit: "s", goal: "≤ 45 min" });
    const record = JSON.parse(readFileSync(join(clone, resultsFolder, "run.json"), "utf8")) as RunRecord;
    for (const { tier, seconds } of record.tiers) figures.push({ name: `tier ${tier}`, values: [seconds], unit: "s" });
  }
  writeSection("Cold start", `node bench/cold.ts${options.test ? "" : " --no-test"}`, figures, [
    "A fresh clone, an empty home folder and an engine without images; nothing typed but the commands. Steps that stand inside a step, and steps that ran side by side, do not add up to the whole.",
    `The estimate is none of a run: the whole, with ${vendor.megabytes} MB (a guess) at ${vendor.megabitsPerSecond} Mbit/s in place of the step that builds the toolchain; model and images, got beside it, as they were.`,
    "Debian packages that the tests install on the machine itself were there before.",
  ]);
} finally {
  await engine.remove();
  rmSync(folder, { recursive: true, force: true });
}

/** This environment with a home of its own, without this checkout's Node, and without variables that name a cache. */
function coldEnvironment(): NodeJS.ProcessEnv {
  const home = join(folder, "home");
  for (const file of kept.filter((name) => existsSync(join(homedir(), name)))) {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    cpSync(join(homedir(), file), join(home, file));
  }
  mkdirSync(home, { recursive: true });
  const others = Object.entries(process.env).filter(
    ([name]) => !/^(XDG_|FIDUS_|PULUMI_|npm_|GO(PATH|CACHE|MODCACHE)$)/.test(name),
  );
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.includes("/node_modules/"));
  return { ...Object.fromEntries(others), HOME: home, DOCKER_HOST: engine.host, PATH: path.join(delimiter) };
}

/** Runs a command of the clone where the engine's ports are, shows its output and returns it. */
async function run(env: NodeJS.ProcessEnv, ...words: readonly string[]): Promise<string> {
  const [command = "", ...before] = engine.within;
  const output = ["pipe", "inherit"] as const;
  const child = await execa(command, [...before, ...words], {
    cwd: clone,
    env,
    extendEnv: false,
    stdin: "ignore",
    stdout: output,
    stderr: output,
    all: true,
  });
  return child.all;
}

interface Duration {
  readonly name: string;
  readonly seconds: number;
}

/** What the product says about its steps (`✓ images (42 s)`) and their parts (`  app: built (12 s)`), parts behind their step. */
function readSteps(output: string): Duration[] {
  const found: Duration[] = [];
  let parts: Duration[] = [];
  for (const line of output.split("\n")) {
    const [, mark, title = "", minutes = "0", seconds = "0"] = /^(✓| ) (.+) \((?:(\d+) min )?([\d.]+) s\)$/.exec(line) ?? [];
    const duration = Number(minutes) * 60 + Number(seconds);
    if (mark === "✓") {
      found.push({ name: title, seconds: duration }, ...parts);
      parts = [];
    } else if (mark === " ") parts.push({ name: `&nbsp;&nbsp;${title.trim()}`, seconds: duration });
  }
  return found;
}

/** Toolchain, model and images are got side by side: with vendor downloads the longest of them decides. */
function estimate(whole: number, steps: readonly Duration[]): number {
  const took = (step: string): number => steps.find(({ name }) => name === step)?.seconds ?? Number.NaN;
  const others = [took("model"), took("images")];
  const downloads = (vendor.megabytes * 8) / vendor.megabitsPerSecond;
  return whole - Math.max(took("toolchain"), ...others) + Math.max(downloads, ...others);
}
