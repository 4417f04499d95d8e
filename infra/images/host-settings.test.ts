import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aptProxyLines, debianSources, mirrorSources, pipLines, writeHostFolder } from "./host-settings.ts";
import { oneLineSources } from "./root-filesystem.ts";

const debianHost = [
  { uri: "http://mirror.example/debian/", release: "bookworm", component: "main" },
  { uri: "http://mirror.example/debian/", release: "bookworm-updates", component: "main" },
  { uri: "http://mirror.example/debian-security/", release: "bookworm-security", component: "main" },
  { uri: "https://other.example/", release: "nodistro", component: "main" },
];

test("a Debian host of another release gives its mirror for the images' release", () => {
  expect(debianSources(debianHost)).toEqual([
    "deb http://mirror.example/debian trixie main",
    "deb http://mirror.example/debian trixie-updates main",
    "deb http://mirror.example/debian-security trixie-security main",
  ]);
});

test("an Ubuntu host and a host without security updates give no mirror", () => {
  const ubuntu = debianHost.map((target) => ({
    ...target,
    uri: "http://archive.example/ubuntu/",
    release: target.release.replace("bookworm", "noble"),
  }));
  expect(debianSources(ubuntu)).toEqual([]);
  expect(debianSources(debianHost.slice(0, 2))).toEqual([]);
  expect(debianSources([])).toEqual([]);
});

test("a mirror given by the operator implies its security sibling, or takes the given one", () => {
  expect(mirrorSources("https://m.example/debian/")).toContain("deb https://m.example/debian-security trixie-security main");
  expect(mirrorSources("https://m.example/debian", "https://s.example/sec")).toContain(
    "deb https://s.example/sec trixie-security main",
  );
});

test("apt's own proxy wins over the variables, which count when apt has none", () => {
  const dump = 'Acquire "";\nAcquire::http::Proxy "http://apt.example:3142";\nAcquire::https::User-Agent "x";';
  expect(aptProxyLines(dump, { https_proxy: "http://env.example" })).toEqual(['Acquire::http::Proxy "http://apt.example:3142";']);
  expect(aptProxyLines("", { HTTPS_PROXY: "http://env.example" })).toEqual(['Acquire::https::Proxy "http://env.example";']);
  expect(aptProxyLines("", {})).toEqual([]);
});

test("pip keeps index settings, not local paths, and a variable wins over a file", () => {
  const list =
    "global.index-url='https://a.example/simple'\nglobal.cert='/etc/x.crt'\n:env:.find-links='/opt/wheels'\n:env:.index-url='https://b.example/simple'";
  expect(pipLines(list, {})).toEqual(["index-url = https://b.example/simple"]);
});

test("Debian's own source paragraphs become one-line sources; source packages do not", () => {
  const text =
    "Types: deb\nURIs: http://d.example/debian\nSuites: trixie trixie-updates\nComponents: main\n\nTypes: deb-src\nURIs: http://d.example\nSuites: trixie";
  expect(oneLineSources(text)).toEqual([
    "deb http://d.example/debian trixie main",
    "deb http://d.example/debian trixie-updates main",
  ]);
});

test("the folder for build stages names its certificates only when there are some", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fidus-host-"));
  const settings = {
    sources: ["deb http://m.example trixie main"],
    aptConfig: [],
    certificates: null,
    pipConfig: ["index-url = https://p.example"],
  };
  await writeHostFolder(folder, settings, join(import.meta.dirname, "build-stage"));
  expect(readFileSync(join(folder, ".host/sources.list"), "utf8")).toBe("deb http://m.example trixie main\n");
  expect(readFileSync(join(folder, ".host/apt.conf"), "utf8")).not.toContain("CAInfo");
  expect(readFileSync(join(folder, ".host/pip.conf"), "utf8")).toBe("[global]\nindex-url = https://p.example\n");
  await writeHostFolder(folder, { ...settings, certificates: "PEM" }, join(import.meta.dirname, "build-stage"));
  expect(readFileSync(join(folder, ".host/apt.conf"), "utf8")).toContain('CAInfo "/.host/ca.crt"');
  rmSync(folder, { recursive: true });
});
