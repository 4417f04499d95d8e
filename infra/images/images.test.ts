import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { imageNames, imageSet, withParents } from "./images.ts";

const folder = import.meta.dirname;
const dockerfile = (name: string) => readFileSync(join(folder, name, "Dockerfile"), "utf8");

test("every image has a folder with a Dockerfile, and every such folder is an image", () => {
  const folders = readdirSync(folder).filter((name) => existsSync(join(folder, name, "Dockerfile")));
  expect(folders.sort()).toEqual([...imageNames].sort());
});

test("parents come before their children, so the table's order is the build order", () => {
  for (const [index, name] of imageNames.entries()) {
    const { parent } = imageSet[name];
    if (parent !== null) expect(imageNames.indexOf(parent), `${name} after ${parent}`).toBeLessThan(index);
  }
  expect(withParents(["llm"])).toEqual(["base", "app", "llm"]);
  expect(withParents(["redis", "llm"])).toEqual(["base", "redis", "app", "llm"]);
});

test("every image with a process of its own runs as the user number of the table, alone with it; the proxy's key is shared", () => {
  const own = imageNames.filter((name) => imageSet[name].parent === "base" && name !== "acme");
  expect(imageSet.acme.uid).toBe(imageSet.proxy.uid);
  const users = own.map((name) => imageSet[name].uid);
  expect(new Set(users).size).toBe(users.length);
  for (const name of imageNames) {
    const { parent, uid } = imageSet[name];
    if (parent === "base") expect(dockerfile(name)).toContain(`\nUSER ${uid}:${uid}\n`);
  }
  const created = readFileSync(join(folder, "base/finish"), "utf8");
  for (const uid of users) expect(created).toMatch(new RegExp(`^add_user \\S+ ${uid} `, "m"));
});

test("the operator's registry settings enter only stages that are thrown away", () => {
  for (const name of imageNames) {
    const stages = dockerfile(name)
      .split(/^FROM /m)
      .slice(1);
    expect(stages.at(-1), `final stage of ${name}`).not.toContain(".host");
  }
});

test("no file of the image set names a package registry", () => {
  const named = filesBelow(folder)
    .filter((path) => !path.endsWith(".test.ts"))
    .filter((path) =>
      /\b(?:registry\.npmjs|pypi\.org|pythonhosted|deb\.debian|security\.debian|proxy\.golang)/.test(readFileSync(path, "utf8")),
    );
  expect(named).toEqual([]);
});

function filesBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
