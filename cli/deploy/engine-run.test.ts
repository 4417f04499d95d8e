import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Docker } from "../../infra/images/docker-cli.ts";
import type { CliContext } from "../context.ts";
import { pulumiEngine } from "../engine.ts";
import type { Changes } from "../engine-events.ts";
import type { Installation } from "../installation.ts";
import { resolvePaths } from "../paths.ts";
import { runUp } from "./engine-run.ts";

// A `pulumi` that prints what the engine would, and a docker command that knows one container.
let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "fidus-engine-run-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const gate = { urn: "urn:pulumi:community::fidus::command:local:Command::app-migrations-gate", op: "create" };
const events = [
  { resourcePreEvent: { metadata: gate } },
  { diagnosticEvent: { severity: "error", message: "function no_such_function() does not exist\n" } },
  { resOpFailedEvent: { metadata: gate } },
];

/** `pulumi up` of a stack of which nothing is known; `script` is what the engine does. */
function up(script: string, docker: Docker): Promise<Changes> {
  const env = { HOME: home, PATH: process.env["PATH"] ?? "" };
  const paths = resolvePaths(env, home);
  mkdirSync(paths.toolchainBin, { recursive: true });
  writeFileSync(join(paths.toolchainBin, "pulumi"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(paths.toolchainBin, "pulumi"), 0o755);
  const ctx = { paths, env, signal: new AbortController().signal } as unknown as CliContext;
  const installation = { id: "a1b2c3", stackConfigFile: () => join(home, "Pulumi.community.yaml") } as unknown as Installation;
  const step = { update: () => undefined, skip: () => undefined };
  const stack = { installation: "a1b2c3", stack: "community", known: [] };
  return runUp(pulumiEngine(ctx, installation, "community"), docker, stack, step);
}

const print = (event: object): string => `printf '%s\\n' '${JSON.stringify(event)}'`;
const printed = events.map(print).join("\n");
const empty: Docker = () => Promise.resolve("");

/** One proxy with this health, and a line in its log. */
function proxy(health: string): Docker {
  return ([command = ""], call) => {
    if (command === "ps") return Promise.resolve("1\n");
    if (command === "logs") call?.onLine?.("this proxy is broken on purpose");
    const state = { Status: "running", ExitCode: 0, StartedAt: "", Health: { Status: health } };
    const config = { Image: "fidus/proxy:1", Labels: { "fidus.role": "proxy" } };
    const settings = { Ports: {} };
    const seen = { Id: "1", Name: "/fidus-a1b2c3-community-proxy", Config: config, State: state, NetworkSettings: settings };
    return Promise.resolve(command === "inspect" ? JSON.stringify([seen]) : "");
  };
}

const failedGate = {
  path: "app-migrations-gate",
  got: "a failed create",
  rule: "to succeed before anything behind it is touched",
  fix: "./fidus up",
};

test("a failed resource is named with the engine's own words and the command that tries again", async () => {
  await expect(up(`${printed}\nexit 255`, empty)).rejects.toMatchObject({
    exitCode: 1,
    code: "engine-failed",
    message: "the engine's up failed\n  function no_such_function() does not exist",
    problems: [failedGate],
    fix: "The old state is kept. After the repair: ./fidus up community",
  });
});

test("a limit of the account is named as what is to be raised before the same command helps", async () => {
  const group = { urn: "urn:pulumi:acme-eu-west-1::fidus::aws:eks/nodeGroup:NodeGroup::gpu-group", op: "create" };
  const message = "AsgInstanceLaunchFailures: Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more";
  const events = [
    { diagnosticEvent: { severity: "error", message, urn: group.urn } },
    { resOpFailedEvent: { metadata: group } },
    { resOpFailedEvent: { metadata: gate } },
  ];
  await expect(up(`${events.map(print).join("\n")}\nexit 255`, empty)).rejects.toMatchObject({
    problems: [
      {
        path: "gpu-group",
        fix: "Have AWS raise the account's quota of vCPUs (docs/enterprise.md, VcpuLimitExceeded), then ./fidus up",
      },
      failedGate,
    ],
  });
});

test("a container that is not healthy is named beside it with its last lines and the command that shows more", async () => {
  await expect(up(`${printed}\nexit 255`, proxy("unhealthy"))).rejects.toMatchObject({
    message: expect.stringContaining("proxy is unhealthy; its last lines:\n    this proxy is broken on purpose") as string,
    problems: [
      failedGate,
      { path: "fidus-a1b2c3-community-proxy", got: "unhealthy", rule: "to be healthy", fix: "./fidus logs community proxy" },
    ],
  });
});

test("a healthy container is not blamed", async () => {
  await expect(up(`${printed}\nexit 255`, proxy("healthy"))).rejects.toMatchObject({ problems: [failedGate] });
});

test("an engine that is killed is what the failure says", async () => {
  await expect(up("kill -9 $$", empty)).rejects.toMatchObject({
    exitCode: 1,
    code: "engine-killed",
    problems: [
      {
        path: "pulumi up",
        got: "an end by SIGKILL",
        rule: "to run to its end (dmesg tells whether memory was short)",
        fix: "./fidus up",
      },
    ],
  });
});

test("an engine that ends well gives its counts", async () => {
  const summary = { summaryEvent: { resourceChanges: { same: 12 } } };
  expect(await up(print(summary), empty)).toEqual({ same: 12 });
});
