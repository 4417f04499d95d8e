import { Router } from "express";
import { expect, test, vi } from "vitest";
import { readApiConfig } from "../../config.ts";
import { createContext } from "../../context.ts";
import { createLogger } from "../../log.ts";
import { apiSettings } from "../../testing/settings.ts";
import { answers, events, tables } from "./answers.ts";
import { openApiDocument } from "./document.ts";
import { operations } from "./operations.ts";

interface Layer {
  readonly route?: { readonly path: string | string[]; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: object;
}

/** Every route of the application as `METHOD /path/{parameter}`. Express keeps no path of a mount: it is noted as it is made. */
async function routesOf(env: Record<string, string>): Promise<string[]> {
  const mounts = new Map<object, string>();
  const prototype = (Router as unknown as { prototype: object }).prototype as { use: (...args: unknown[]) => unknown };
  const { use } = prototype;
  const spy = vi.spyOn(prototype, "use").mockImplementation(function (this: unknown, ...args: unknown[]) {
    if (typeof args[0] === "string") for (const child of args.slice(1).flat()) mounts.set(child as object, args[0]);
    return use.apply(this, args);
  });
  const { createApp } = await import("../app.ts");
  const config = readApiConfig({ ...apiSettings("postgres://fidus@127.0.0.1:1/x", "http://127.0.0.1:1/v1"), ...env });
  const ctx = createContext(config, createLogger("silent", "test", ""));
  const app = createApp(ctx) as unknown as { router: { stack: Layer[] } };
  spy.mockRestore();
  await ctx.close();
  const walk = (stack: readonly Layer[], base: string): string[] =>
    stack.flatMap(({ route, handle }) => {
      if (route !== undefined) {
        return [route.path]
          .flat()
          .flatMap((path) => Object.keys(route.methods).map((method) => `${method} ${fullPath(base, path)}`));
      }
      const inner = (handle as { stack?: Layer[] }).stack;
      return inner === undefined ? [] : walk(inner, base + (mounts.get(handle) ?? ""));
    });
  return walk(app.router.stack, "");
}

const fullPath = (base: string, path: string): string =>
  (base + path)
    .replace(/^\/\//, "/")
    .replace(/(.)\/$/, "$1")
    .replaceAll(/[:*](\w+)/g, "{$1}");

test.each([
  ["passwords", {}, []],
  ["the mock", { AUTH_PROVIDER: "mock", ENVIRONMENT: "development" }, ["mock"]],
  [
    "a provider",
    {
      AUTH_PROVIDER: "keycloak",
      OIDC_ISSUER: "https://id.example/realms/x",
      OIDC_CLIENT_ID: "fidus",
      OIDC_CLIENT_SECRET: "kJ8sP2qLx0vN4t",
    },
    ["oidc"],
  ],
] as const)("with sign-in by %s the document names every route that exists, and no other [A-06]", async (_name, env, auth) => {
  const { paths } = openApiDocument("1", auth) as { paths: Record<string, object> };
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(documented.length).toBeGreaterThan(40);
  expect(documented.toSorted()).toEqual((await routesOf(env)).toSorted());
});

test("bodies and queries are described by what checks them", () => {
  const { paths } = openApiDocument("1", []) as { paths: Record<string, Record<string, Record<string, never>>> };
  expect(paths["/api/v1/chat"]?.["post"]?.["requestBody"]).toMatchObject({
    content: { "application/json": { schema: { properties: { content: { maxLength: 32_000 } }, required: ["content"] } } },
  });
  expect(paths["/api/v1/usage"]?.["get"]?.["parameters"]).toContainEqual({
    name: "from",
    in: "query",
    required: false,
    schema: expect.objectContaining({ type: "string", format: "date" }) as object,
  });
});

test("every operation has an id of its own, a sentence, and who may call it", () => {
  const { paths } = openApiDocument("1", ["oidc", "mock"]) as { paths: Record<string, Record<string, Record<string, unknown>>> };
  const all = Object.values(paths).flatMap((methods) => Object.values(methods));
  expect(all).toHaveLength(operations.length);
  expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { summary, security } of all) expect([summary, security]).toEqual([expect.stringMatching(/\.$/), expect.any(Array)]);
});

test("every answer in JSON or events has a schema, and every schema an operation [A-06]", () => {
  const named = operations.map(({ method, path }) => `${method} ${path}`);
  const lacking = (type: string, schemas: object): string[] =>
    operations
      .filter((operation) => (operation.type === undefined ? "application/json" : operation.type) === type)
      .map(({ method, path }) => `${method} ${path}`)
      .filter((name) => !Object.hasOwn(schemas, name));
  expect([lacking("application/json", answers), lacking("text/event-stream", events)]).toEqual([[], []]);
  expect([...Object.keys(answers), ...Object.keys(events), ...tables].filter((name) => !named.includes(name))).toEqual([]);
});

test("an answer's dates are texts, and it has no members beside those named", () => {
  const { paths } = openApiDocument("1", []) as { paths: Record<string, Record<string, { responses: Record<string, unknown> }>> };
  expect(paths["/health"]?.["get"]?.responses["200"]).toMatchObject({
    headers: { "X-Request-Id": { required: true } },
    content: {
      "application/json": {
        schema: {
          properties: { status: { const: "ok" }, time: { type: "string", format: "date-time" } },
          required: ["status", "version", "environment", "time"],
          additionalProperties: false,
        },
      },
    },
  });
});

test("an operation names the statuses with which it fails, in the shape of its side of the API", () => {
  const { paths } = openApiDocument("1", []) as { paths: Record<string, Record<string, { responses: object }>> };
  const failures = (path: string, method: string): string[] => Object.keys(paths[path]?.[method]?.responses ?? {}).slice(1);
  expect(failures("/api/v1/admin/users", "post")).toEqual(["400", "401", "403", "409", "413", "429", "503"]);
  expect(failures("/api/v1/auth/providers", "get")).toEqual([]);
  expect(failures("/v1/chat/completions", "post")).toContain("4XX");
  const shape = (path: string): string => JSON.stringify(paths[path]?.["get"]?.responses).match(/schemas\/(\w+)/)?.[1] ?? "";
  expect([shape("/api/v1/keys"), shape("/v1/models")]).toEqual(["Error", "OpenAIError"]);
});
