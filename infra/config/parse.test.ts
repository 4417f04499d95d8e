import { expect, test } from "vitest";
import { keys, type KeyName, type KeySpec } from "./keys.ts";
import { parseConfig } from "./parse.ts";

const complete = {
  edition: "community",
  installation: "a1b2c3",
  llmRuntime: "embedded",
  model: "smollm2:135m",
  images: '{"app":"fidus/app:1"}',
};

test("a complete config is read with types and the table's defaults [C-05]", () => {
  const { values, problems } = parseConfig("community", { ...complete, pagePort: "3100" });
  expect(problems).toEqual([]);
  expect(values.pagePort).toBe(3100);
  expect(values.apiPort).toBe(8000);
  expect(values.images).toEqual({ app: "fidus/app:1" });
  expect(values.domain).toBeNull();
  expect(Object.isFrozen(values)).toBe(true);
});

test("every problem is reported at once, each with path, value, rule and fix", () => {
  const { problems } = parseConfig("community", { ...complete, pagePort: "80a", apiReplicas: "0", llmRuntime: "gpt" });
  expect(problems).toEqual([
    {
      path: "llmRuntime",
      got: "gpt",
      rule: expect.stringMatching(/^one of embedded, /),
      fix: "pulumi config set llmRuntime embedded",
    },
    { path: "pagePort", got: "80a", rule: "a whole number from 1 to 65535", fix: "pulumi config set pagePort 3000" },
    { path: "apiReplicas", got: "0", rule: "a whole number from 1 to 8", fix: "pulumi config set apiReplicas 1" },
  ]);
});

test("an unknown key is refused and the key that was meant is named", () => {
  const { problems } = parseConfig("community", { ...complete, pageport: "3000" });
  expect(problems).toEqual([
    {
      path: "pageport",
      got: "an unknown key",
      rule: "a key of edition community (did you mean pagePort?)",
      fix: "pulumi config rm pageport",
    },
  ]);
});

test("an unknown key that resembles nothing gets no guess", () => {
  expect(parseConfig("community", { ...complete, zzzzzzzzz: "1" }).problems[0]?.rule).toBe("a key of edition community");
});

test("a missing choice names the command that makes it", () => {
  const { problems } = parseConfig("community", { edition: "community" });
  expect(problems.map(({ path, fix }) => `${path}: ${fix}`)).toEqual([
    "installation: ./fidus up community",
    "llmRuntime: ./fidus up community",
    "model: ./fidus up community",
    "images: ./fidus up community",
  ]);
});

test("ports are published on IPv4 addresses; IPv6 is refused by name", () => {
  for (const bindAddress of ["127.0.0.1", "0.0.0.0", "192.168.1.5"])
    expect(parseConfig("community", { ...complete, bindAddress })).toMatchObject({ problems: [], values: { bindAddress } });
  expect(parseConfig("community", { ...complete, bindAddress: "::" }).problems).toEqual([
    {
      path: "bindAddress",
      got: "::",
      rule: "an IPv4 address of this machine or 0.0.0.0 (IPv6 is not supported)",
      fix: "pulumi config set bindAddress 127.0.0.1",
    },
  ]);
});

test("a malformed secret is never shown", () => {
  const { problems } = parseConfig("community", { ...complete, llmApiKey: " " });
  expect(problems).toHaveLength(1);
  expect(problems[0]?.got).toBe("[secret]");
});

const bad: Record<KeySpec["type"], readonly string[]> = {
  string: ["", "  "],
  integer: ["", "1.5", "one", "-1", "1e3", "99999999999999999999"],
  port: ["", "0", "65536", "3000 ", "0x50"],
  address: ["", "localhost", "127.1", "256.0.0.1", "10.0.0.0/8", " 10.0.0.5", "::", "::1", "[::]", "fd00::2"],
  boolean: ["", "yes", "1", "True"],
  url: ["", "localhost:11434", "ftp://host", "javascript:alert(1)"],
  choice: ["", "EMBEDDED", "none"],
  map: ["", "[]", "null", "{", '{"app":1}'],
};

for (const [name, spec] of Object.entries(keys) as [KeyName, KeySpec][]) {
  test(`${name}: an empty, mistyped or out-of-range value is refused`, () => {
    for (const text of bad[spec.type]) {
      const { problems } = parseConfig("community", { ...complete, [name]: text });
      expect(
        problems.map(({ path }) => path),
        `${name}=${JSON.stringify(text)}`,
      ).toContain(name);
    }
  });
}
