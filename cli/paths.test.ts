import { homedir } from "node:os";
import { expect, test } from "vitest";
import { resolvePaths } from "./paths.ts";

test("absolute XDG folders are taken as they are", () => {
  const paths = resolvePaths({ HOME: "/home/a", XDG_DATA_HOME: "/d", XDG_CACHE_HOME: "/c" }, "/src");
  expect(paths).toEqual({
    checkout: "/src",
    data: "/d/fidus",
    cache: "/c/fidus",
    installations: "/d/fidus/installations",
    toolchain: "/c/fidus/toolchain",
    toolchainBin: "/c/fidus/toolchain/bin",
    pulumiHome: "/c/fidus/toolchain/pulumi-home",
    models: "/c/fidus/models",
  });
});

test.each(["", "relative/data", "./d", "~/d"])("an XDG folder that is not absolute counts as unset: %j", (given) => {
  const { data, cache } = resolvePaths({ HOME: "/home/a", XDG_DATA_HOME: given, XDG_CACHE_HOME: given }, "/src");
  expect([data, cache]).toEqual(["/home/a/.local/share/fidus", "/home/a/.cache/fidus"]);
});

test("without HOME the user database answers", () => {
  expect(resolvePaths({}, "/src").data).toBe(`${homedir()}/.local/share/fidus`);
});

test("a home that is not absolute is refused with exit 2, unless nothing needs it", () => {
  expect(() => resolvePaths({ HOME: "here" }, "/src")).toThrow(
    expect.objectContaining({ exitCode: 2, problems: [expect.objectContaining({ path: "HOME", got: "here" })] }),
  );
  expect(resolvePaths({ HOME: "here", XDG_DATA_HOME: "/d", XDG_CACHE_HOME: "/c" }, "/src").data).toBe("/d/fidus");
});
