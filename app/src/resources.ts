import { existsSync } from "node:fs";
import { join } from "node:path";
import { throwIfAny } from "./problems.ts";

/** Folder of the SQL migrations: above the bundle's chunks in the image, in app/ in a checkout. */
export function migrationsFolder(): string {
  return besideOrAbove("migrations");
}

/** Folder of the built page: beside the bundle in the image. */
export function defaultWebRoot(): string {
  return besideOrAbove("web");
}

/** Folder of the built pages: the given one, else the image's. @throws InvalidInputError when it holds none */
export function builtPages(given: string | null): string {
  const folder = given ?? defaultWebRoot();
  if (!existsSync(join(folder, "index.html"))) {
    const rule = "a folder with the built page (index.html)";
    throwIfAny([{ path: "FIDUS_WEB_ROOT", got: folder, rule, fix: "Build it: node app/build.ts dist/app" }]);
  }
  return folder;
}

function besideOrAbove(name: string): string {
  const beside = join(import.meta.dirname, name);
  return existsSync(beside) ? beside : join(import.meta.dirname, "..", name);
}
