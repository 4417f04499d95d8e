import { expect, test } from "vitest";
import { line } from "./policy.ts";

const finding = (name: string) => ({
  rule: "tags" as const,
  level: "violation" as const,
  urn: `urn:pulumi:shop::fidus::hcloud:index/server:Server::${name}`,
  message: "labels lack edition",
  fix: "Give it labels.",
});

test("a finding is one line with rule, type, name, message and fix", () => {
  expect(line(finding("web"))).toBe("✗ tags: hcloud:index/server:Server web: labels lack edition. Give it labels.");
  expect(line({ ...finding("web"), level: "unknown" })).toMatch(/^\? tags/);
});

test("a name that holds :: is shown whole, and nothing in it reaches a terminal or a CI runner as a command", () => {
  const hostile = "a\u001b[31m\u001b]0;title\u0007\n::error::b\u202e\u0000";
  expect(line(finding(hostile))).toBe(
    "✗ tags: hcloud:index/server:Server a·[31m·]0;title··::error::b··: labels lack edition. Give it labels.",
  );
});
