import { expect, test } from "vitest";
import { neededImages } from "./needed.ts";

const always = ["base", "app", "postgres", "redis", "proxy"];
const sorted = (names: readonly string[]): string[] => [...names].sort();

test("embedded needs the runtime's image, and not the gateway's", () => {
  expect(sorted(neededImages({ services: "all", llmRuntime: "embedded", llmBaseUrl: null }))).toEqual(sorted([...always, "llm"]));
});

test("litellm needs the gateway's image and the runtime's behind it", () => {
  expect(sorted(neededImages({ services: "all", llmRuntime: "litellm", llmBaseUrl: null }))).toEqual(
    sorted([...always, "llm", "litellm"]),
  );
});

test("the ACME client is needed for a domain that asks for it, and only then", () => {
  const variant = { services: "all", llmRuntime: "embedded", llmBaseUrl: null } as const;
  expect(neededImages({ ...variant, domain: "fidus.example", certificate: "acme" })).toContain("acme");
  expect(neededImages({ ...variant, domain: "fidus.example", certificate: "files" })).not.toContain("acme");
  expect(neededImages({ ...variant, domain: null, certificate: "acme" })).not.toContain("acme");
});

test("a LiteLLM of somebody else and every other runtime need neither, dependencies alone no application", () => {
  expect(sorted(neededImages({ services: "all", llmRuntime: "litellm", llmBaseUrl: "http://gateway.lan:4000/v1" }))).toEqual(
    sorted(always),
  );
  expect(sorted(neededImages({ services: "all", llmRuntime: "ollama-native", llmBaseUrl: null }))).toEqual(sorted(always));
  expect(neededImages({ services: "dependencies", llmRuntime: "litellm", llmBaseUrl: null })).toEqual([
    "base",
    "postgres",
    "redis",
  ]);
});
