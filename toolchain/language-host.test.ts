import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import languageProto from "@pulumi/pulumi/proto/language_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programCommand, programDependencies, resolveFromProgram, splitWords } from "./language-host.ts";

/** Oracles: the options that @pulumi/pulumi cmd/run parses; facts/pulumi-engine.md 1.2. */
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "fidus-host-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function request(options: Record<string, string> = {}): InstanceType<typeof languageProto.RunRequest> {
  const info = new languageProto.ProgramInfo()
    .setRootDirectory("/p")
    .setProgramDirectory("/p/stacks")
    .setEntryPoint("index.ts")
    .setOptions(structProto.Struct.fromJavaScript(options));
  const made = new languageProto.RunRequest().setProject("fidus").setStack("community").setOrganization("organization");
  made
    .setPwd("/p")
    .setMonitorAddress("127.0.0.1:1")
    .setParallel(8)
    .setDryrun(true)
    .setConfigsecretkeysList(["fidus:token"])
    .setInfo(info);
  made.getConfigMap().set("fidus:token", "t").set("fidus:config:old", "o");
  return made;
}

describe("the program's command line", () => {
  test("gives the SDK's runner everything about the deployment", () => {
    const { args, env } = programCommand(request({ nodeargs: '--stack-trace-limit=0 --title="a b"' }), "/sdk/run", "127.0.0.1:2");
    const node = ["--stack-trace-limit=0", "--title=a b", "/sdk/run"];
    const addresses = [
      "--monitor",
      "127.0.0.1:1",
      "--engine",
      "127.0.0.1:2",
      "--organization",
      "organization",
      "--project",
      "fidus",
    ];
    const places = ["--root-directory", "/p", "--stack", "community", "--pwd", "/p", "--dry-run", "--parallel", "8", "index.ts"];
    expect(args).toEqual([...node, ...addresses, ...places]);
    expect(env).toEqual({
      PULUMI_CONFIG: '{"fidus:old":"o","fidus:token":"t"}',
      PULUMI_CONFIG_SECRET_KEYS: '["fidus:token"]',
      PULUMI_NODEJS_TYPESCRIPT: "false",
    });
  });

  test("leaves out what is not given", () => {
    const { args } = programCommand(request().setDryrun(false).setParallel(0).setOrganization(""), "/sdk/run", "");
    expect(args.filter((arg) => ["--dry-run", "--parallel", "--organization", "--engine", ""].includes(arg))).toEqual([]);
  });

  test("refuses a request without program info", () => {
    expect(() => programCommand(new languageProto.RunRequest(), "/sdk/run", "")).toThrow("needs an engine");
  });
});

test.each([
  ["", []],
  ["  a  b ", ["a", "b"]],
  [`--x="a b" 'c d' e\\ f`, ["--x=a b", "c d", "e f"]],
  [`"say \\"hi\\"" ''`, ['say "hi"', ""]],
])("splits %j into words as a shell does", (text, words) => {
  expect(splitWords(text)).toEqual(words);
});

test("finds the SDK from the program's folder upwards", () => {
  const sdk = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/run");
  expect(resolveFromProgram(import.meta.dirname, "@pulumi/pulumi/cmd/run")).toBe(sdk);
});

test("says how to install the SDK where there is none", () => {
  expect(() => resolveFromProgram(directory, "@pulumi/pulumi/cmd/run")).toThrow("npm ci --ignore-scripts");
});

test("lists the packages of the nearest package.json with their installed versions", async () => {
  await mkdir(join(directory, "stacks/deep"), { recursive: true });
  await mkdir(join(directory, "node_modules/b"), { recursive: true });
  await writeFile(join(directory, "package.json"), '{"dependencies":{"b":"^1.0.0","c":"2"},"devDependencies":{"a":"3"}}');
  await writeFile(join(directory, "node_modules/b/package.json"), '{"version":"1.2.3"}');
  const found = await programDependencies(join(directory, "stacks/deep"));
  expect(found).toEqual([
    { name: "a", version: "3" },
    { name: "b", version: "1.2.3" },
    { name: "c", version: "2" },
  ]);
});
