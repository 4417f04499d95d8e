import { existsSync } from "node:fs";
import { join } from "node:path";

/** Folder of the SQL migrations: above the bundle's chunks in the image, in app/ in a checkout. */
export function migrationsFolder(): string {
  return besideOrAbove("migrations");
}

/** Folder of the built page: beside the bundle in the image. */
export function defaultWebRoot(): string {
  return besideOrAbove("web");
}

function besideOrAbove(name: string): string {
  const beside = join(import.meta.dirname, name);
  return existsSync(beside) ? beside : join(import.meta.dirname, "..", name);
}
