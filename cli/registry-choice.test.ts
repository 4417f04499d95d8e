import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { registryProblems, requirePublished } from "./registry-choice.ts";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fidus-registry-choice-"));
  mkdirSync(join(root, "infra/images"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test.each(["localhost:5000", "registry.example.com", "registry.example.com/team/fidus", "127.0.0.1:5000/a_b-c"])(
  "the registry %s is accepted",
  (registry) => {
    expect(registryProblems(registry)).toEqual([]);
  },
);

test.each(["", "https://registry.example.com", "Registry.example.com", "registry.example.com/", "a b", "host/x@sha256:1"])(
  "the registry %o is refused with the form it needs",
  (registry) => {
    expect(registryProblems(registry)).toMatchObject([{ path: "--registry", got: registry }]);
  },
);

test("a checkout without published images is refused with the command that publishes them", async () => {
  await expect(requirePublished(root, "localhost:5000")).rejects.toMatchObject({
    exitCode: 2,
    problems: [
      {
        path: "--registry",
        got: "localhost:5000",
        rule: "a checkout with published images: this one has no infra/images/digests.json",
        fix: "./fidus images publish --registry localhost:5000",
      },
    ],
  });
});

test("a checkout with published images is accepted, and a malformed record is named", async () => {
  const digests = { redis: { tag: "0123456789ab", digest: `sha256:${"ab".repeat(32)}` } };
  writeFileSync(join(root, "infra/images/digests.json"), JSON.stringify(digests));
  await requirePublished(root, "localhost:5000");
  writeFileSync(join(root, "infra/images/digests.json"), '{"redis":{"tag":"x"}}');
  await expect(requirePublished(root, "localhost:5000")).rejects.toThrow("digests.json redis: got");
});
