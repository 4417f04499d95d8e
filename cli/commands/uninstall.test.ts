import { expect, test } from "vitest";
import { destroyCommand } from "./uninstall.ts";

test("a region is told to be destroyed only after AWS was told that it may be", () => {
  const destroy = "pulumi destroy --ignore-protect";
  const [region, command] = ["enterprise-region", (entries: Record<string, string>) => destroyCommand("acme", entries)];
  expect(command({ edition: region })).toBe(
    `eval "$(./fidus env acme)" && pulumi config set deletionProtection false && pulumi up --yes && ${destroy}`,
  );
  for (const entries of [{ edition: region, deletionProtection: "false" }, { edition: "enterprise-global" }, { edition: "pro" }])
    expect(command(entries)).toBe(`eval "$(./fidus env acme)" && ${destroy}`);
});
