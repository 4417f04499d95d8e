import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureImages } from "./build.ts";
import { readHostSettings } from "./host-settings.ts";
import { imageNames, imageSet, type ImageName } from "./images.ts";
import { listImages } from "./list.ts";
import { checkout, TestEngine, testCache } from "./testing.ts";
import { imageRef } from "./tags.ts";

const engine = new TestEngine();
/** Those of every installation, and the small ones that some need. */
const names = imageNames.filter((name) => imageSet[name].when === "always" || name === "acme");
let refs: Partial<Record<ImageName, string>> = {};

beforeAll(async () => {
  refs = await engine.images(...names);
});
afterAll(() => engine.close());

const ref = (name: ImageName) => refs[name] ?? "";

/** Standard output of a shell line in an image, as its own user and without network. */
function shell(name: ImageName, script: string, ...options: string[]): Promise<string> {
  return engine
    .docker([
      "run",
      "--rm",
      "--network",
      "none",
      "--read-only",
      "--cap-drop",
      "ALL",
      ...options,
      "--entrypoint",
      "bash",
      ref(name),
      "-c",
      script,
    ])
    .then((text) => text.trim());
}

describe.each(names)("image %s", (name) => {
  test("stays within its size", async () => {
    const listed = await listImages(engine.docker, Object.values(refs));
    const image = listed.find((entry) => entry.name === name && entry.current);
    const { budget } = imageSet[name];
    expect(image?.size).toBeLessThanOrEqual((budget ?? 0) * 1e6);
    expect(image?.packages?.getTime()).toBeGreaterThan(Date.parse("2026-01-01"));
  });

  test("runs as its own user and has no program that changes the user", async () => {
    expect(await shell(name, "id -u")).toBe(String(imageSet[name].uid));
    expect(
      await shell(name, "find / -xdev -type f -perm /6000 2>/dev/null || true", "--user", "0", "--cap-add", "DAC_OVERRIDE"),
    ).toBe("");
  });

  test("has no compiler, package sources, installer of packages from npm or PyPI, and no download tool [R-05]", async () => {
    const programs = [
      "gcc",
      "cc",
      "g++",
      "c++",
      "clang",
      "make",
      "cmake",
      "ld",
      "as",
      "npm",
      "npx",
      "pip",
      "pip3",
      // The ACME client speaks HTTP with it.
      ...(name === "acme" ? [] : ["curl"]),
      "wget",
      "git",
    ];
    expect(await shell(name, `for p in ${programs.join(" ")}; do command -v $p; done || true`)).toBe("");
    expect(
      await shell(name, "find /etc/apt -name '*.list' -o -name '*.sources' | head; find /var/lib/apt/lists -type f | head"),
    ).toBe("");
    expect(await shell(name, "ls -d /.host /delta /usr/lib/apt/../../../.host 2>/dev/null || true")).toBe("");
  });

  test("nothing of this machine's registry settings or certificates is in its layers, history or configuration", async () => {
    const found = await needlesIn(ref(name), await hostNeedles());
    expect(found).toEqual([]);
  });
});

test("the search for traces finds a text that is in an image", async () => {
  const present = "Fills the volume mounted at /files";
  expect(await needlesIn(ref("base"), [present, "a text that no image has: 7c1e"])).toEqual([present]);
});

test("base images trust Debian's certificates and only those", async () => {
  const count = await shell(
    "base",
    "grep -c BEGIN /etc/ssl/certs/ca-certificates.crt; ls -A /usr/local/share/ca-certificates | wc -l",
  );
  expect(Number(count.split("\n")[0])).toBeGreaterThan(100);
  expect(count.split("\n")[1]).toBe("0");
});

/** Nameless images of build stages, by id. */
async function stages(): Promise<string[]> {
  const filters = ["dangling=true", "label=fidus.build"].flatMap((filter) => ["--filter", filter]);
  const listed = await engine.docker(["image", "ls", "--all", "--quiet", ...filters]);
  return listed.split("\n").filter((id) => id !== "");
}

test("one build at a time: two runs at once build an image once, under the tag both asked for", async () => {
  const refreshed = `test-${process.pid}-${Date.now()}`;
  const marks = [`canary-apt-${refreshed}`, `canary-pem-${refreshed}`, `canary-pip-${refreshed}`];
  const settings = await readHostSettings(process.env);
  const marked = {
    ...settings,
    aptConfig: [...settings.aptConfig, `// ${marks[0]}`],
    certificates: `${settings.certificates ?? ""}\n# ${marks[1]}\n`,
    pipConfig: [...settings.pipConfig, `# ${marks[2]}`],
  };
  const common = {
    docker: engine.docker,
    root: checkout,
    source: "build" as const,
    cache: testCache(),
    refreshed,
    settings: marked,
  };
  const finished: string[] = [];
  const log = (event: { kind: string; image?: string }) => void (event.kind === "finished" && finished.push(event.image ?? ""));
  // A build that somebody killed within the last hour may have left stages of its own: they are not this test's.
  const before = new Set(await stages());
  try {
    const [one, two] = await Promise.all([
      ensureImages({ ...common, names: ["redis"], log }),
      ensureImages({ ...common, names: ["redis"], log }),
    ]);
    expect(one[0]?.ref).toBe(two[0]?.ref);
    expect([one[0]?.how, two[0]?.how].sort()).toEqual(["built", "present"]);
    expect(finished).toEqual(["base", "redis"]);
    expect(one[0]?.ref).not.toBe(ref("redis"));
    expect(await needlesIn(one[0]?.ref ?? "", marks)).toEqual([]);
    const left = (await stages()).filter((id) => !before.has(id));
    expect(left).toEqual([]);
  } finally {
    await engine.docker([
      "rmi",
      imageRef("redis", { root: checkout, refreshed }),
      imageRef("base", { root: checkout, refreshed }),
    ]);
  }
});

test("a build that is interrupted leaves no tag, no folder and no lock", async () => {
  const refreshed = `test-${process.pid}-${Date.now()}-interrupted`;
  const common = { docker: engine.docker, root: checkout, source: "build" as const, cache: testCache(), refreshed };
  const stop = new AbortController();
  const interrupted = ensureImages({
    ...common,
    names: ["base"],
    signal: stop.signal,
    log: (event) => void (event.kind === "output" && event.line.includes("Step 7/") && stop.abort()),
  });
  await expect(interrupted).rejects.toThrow();
  const tags = await engine.docker(["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "label=fidus.image"]);
  expect(tags.split("\n")).not.toContain(imageRef("base", { root: checkout, refreshed }));
  expect(existsSync(`${join(testCache(), "builds")}.lock`)).toBe(false);
  expect(readdirSync(join(testCache(), "builds"))).toEqual([]);
});

/** What this machine's own settings look like inside a file: mirrors as source lines, proxies, private certificates. */
async function hostNeedles(): Promise<string[]> {
  const settings = await readHostSettings(process.env);
  const registry = await execa("npm", ["config", "get", "registry"], { reject: false });
  const privateCertificates = readdirSync("/usr/local/share/ca-certificates")
    .filter((name) => name.endsWith(".crt"))
    .map((name) => readFileSync(join("/usr/local/share/ca-certificates", name), "utf8").split("\n")[3] ?? "");
  const secrets = [...settings.aptConfig, ...settings.pipConfig, ...privateCertificates, ...settings.sources];
  const registryLine = registry.failed ? [] : [`registry=${registry.stdout.trim()}`];
  return [...secrets, ...registryLine, "/.host/ca.crt", "fidus-host-settings"].filter((needle) => needle.length > 8);
}

/** Those of `needles` that occur in the saved image (every layer), its history or its configuration. */
async function needlesIn(image: string, needles: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "fidus-save-"));
  try {
    await engine.docker(["save", "--output", join(folder, "image.tar"), image]);
    await execa("tar", ["-xf", "image.tar"], { cwd: folder });
    await rm(join(folder, "image.tar"));
    const config = await engine.docker(["history", "--no-trunc", image]);
    const inspected = await engine.docker(["image", "inspect", image]);
    const grep = await execa(
      "grep",
      ["--recursive", "--text", "--only-matching", "--no-filename", "--fixed-strings", "--file=-", folder],
      {
        input: needles.join("\n"),
        reject: false,
        maxBuffer: 100_000_000,
      },
    );
    if (grep.exitCode === 2) throw new Error(grep.stderr);
    const seen = new Set(grep.stdout.split("\n"));
    return needles.filter((needle) => seen.has(needle) || config.includes(needle) || inspected.includes(needle));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
