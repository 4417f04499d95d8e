import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const limit = { timeout: 60_000 };
const cache = join(root, "node_modules/.cache/node-compile-cache");

/** What the SDK's runner loads before the program, and what a stack program imports first. */
const start = `const { Module } = require("node:module"); require("@pulumi/pulumi/cmd/run/tracing"); const pulumi = require("@pulumi/pulumi");`;
/** The packages whose files were run: a stand-in is no Module. */
const packages = `[...new Set(Object.values(require.cache).filter((m) => m instanceof Module)
  .map((m) => m.filename.replace(/^.*node_modules\\/((?:@[^/]+\\/)?[^/]+)\\/(automation\\/)?.*$/, "$1/$2")))]`;

/** Prints as JSON what `code`, the inside of an async function, returns. */
async function inNode(code: string, { onDemand = true, env = {} } = {}): Promise<unknown> {
  const program = `${start}(async () => { ${code} })().then((value) => console.log(JSON.stringify(value)));`;
  const flags = onDemand ? ["--import=#sdk-on-demand"] : [];
  const { stdout } = await execa(process.execPath, [...flags, "--eval", program], {
    cwd: import.meta.dirname,
    env: { NODE_COMPILE_CACHE: cache, NODE_OPTIONS: undefined, ...env },
  });
  return JSON.parse(stdout);
}

const late = [
  "typescript/",
  "@npmcli/arborist/",
  "@pulumi/pulumi/automation/",
  "@opentelemetry/exporter-zipkin/",
  "@opentelemetry/instrumentation/",
  "@opentelemetry/instrumentation-grpc/",
  "@opentelemetry/resources/",
  "@opentelemetry/sdk-trace-base/",
  "@opentelemetry/sdk-trace-node/",
];

test("the SDK starts without the compiler, arborist, its automation API and what sends traces", limit, async () => {
  const loaded = await inNode(`return ${packages};`);
  expect(loaded).toContain("@pulumi/pulumi/");
  expect(late.filter((name) => (loaded as string[]).includes(name))).toEqual([]);
});

test("without the stand-ins it would load every one of them: none of their names is out of date", limit, async () => {
  expect(await inNode(`return ${packages};`, { onDemand: false })).toEqual(expect.arrayContaining(late));
  const runner = `return (await import("node:fs")).readFileSync(require.resolve("@pulumi/pulumi/cmd/run"), "utf8");`;
  expect(await inNode(runner, { onDemand: false })).toContain('require("source-map-support/register")');
});

test("a function is serialised, by the real compiler", limit, async () => {
  const code = `const { text } = await pulumi.runtime.serializeFunction((n) => n + 41); return { text, loaded: ${packages} };`;
  const { text, loaded } = (await inNode(code)) as { text: string; loaded: string[] };
  expect(text).toContain("n + 41");
  expect(loaded).toContain("typescript/");
  expect(loaded).not.toContain("@npmcli/arborist/");
});

test("the packages a serialised function needs are found, by the real arborist", limit, async () => {
  const code = `process.chdir(${JSON.stringify(root)}); const paths = await pulumi.runtime.computeCodePaths();
    return { paths: [...paths.keys()], loaded: ${packages} };`;
  const { paths, loaded } = (await inNode(code)) as { paths: string[]; loaded: string[] };
  expect(paths).toContain("node_modules/commander");
  expect(loaded).toContain("@npmcli/arborist/");
});

test("the automation API is whole when it is read", limit, async () => {
  const code = `const { LocalWorkspace } = pulumi.automation;
    return [typeof LocalWorkspace.createOrSelectStack, LocalWorkspace === require("@pulumi/pulumi/automation").LocalWorkspace];`;
  expect(await inNode(code)).toEqual(["function", true]);
});

test("traces are sent when they are asked for", limit, async () => {
  const received = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      response.end();
      received.resolve(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2/spans`;
    await inNode(`const tracing = require("@pulumi/pulumi/cmd/run/tracing");
      tracing.start(${JSON.stringify(url)}); tracing.newSpan("a span of the test").end(); return null;`);
    expect(await received.promise).toContain("a span of the test");
  } finally {
    server.close();
  }
});

test("what Node compiles is kept beside the packages, or where the environment says", limit, async () => {
  const folder = `return (await import("node:module")).getCompileCacheDir();`;
  expect(await inNode(folder, { env: { NODE_COMPILE_CACHE: undefined } })).toContain(cache);
  const elsewhere = join(root, "node_modules/.cache/elsewhere");
  expect(await inNode(folder, { env: { NODE_COMPILE_CACHE: elsewhere } })).toContain(elsewhere);
});
