import { expect, test } from "vitest";
import { relativeName } from "./hetzner.ts";

test("a name is written relative to its zone, the zone itself as @", () => {
  expect(relativeName("assistant.example.org", "example.org")).toBe("assistant");
  expect(relativeName("a.b.example.org", "example.org")).toBe("a.b");
  expect(relativeName("example.org", "example.org")).toBe("@");
});
