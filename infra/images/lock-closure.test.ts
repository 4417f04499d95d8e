import { expect, test } from "vitest";
import { lockClosure } from "./lock-closure.ts";

const lock = {
  packages: {
    app: { dependencies: { a: "1" }, devDependencies: { page: "1" } },
    "node_modules/a": { version: "1.0.0", integrity: "sha-a", dependencies: { b: "2" }, devDependencies: { tool: "1" } },
    "node_modules/a/node_modules/b": { version: "2.0.0", integrity: "sha-b2" },
    "node_modules/b": { version: "1.0.0", integrity: "sha-b1" },
    "node_modules/page": { version: "3.0.0", integrity: "sha-page" },
    "node_modules/tool": { version: "9.0.0", integrity: "sha-tool" },
  },
};

test("follows dependencies to the nearest installed copy, and development dependencies of the root only", () => {
  expect(lockClosure(lock, ["app"])).toEqual([
    "app - -",
    "node_modules/a 1.0.0 sha-a",
    "node_modules/a/node_modules/b 2.0.0 sha-b2",
    "node_modules/page 3.0.0 sha-page",
  ]);
});

test("a root that is not locked is said to be absent", () => {
  expect(lockClosure(lock, ["node_modules/none"])).toEqual(["node_modules/none absent"]);
});

test("packages that need each other are each counted once", () => {
  const ring = {
    packages: {
      "node_modules/x": { version: "1.0.0", integrity: "i", dependencies: { y: "1" } },
      "node_modules/y": { version: "1.0.0", integrity: "i", dependencies: { x: "1" } },
    },
  };
  expect(lockClosure(ring, ["node_modules/x"])).toHaveLength(2);
});
