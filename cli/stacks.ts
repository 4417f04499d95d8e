import { readdir } from "node:fs/promises";
import { nearest } from "../infra/config/values.ts";
import { awsRegions } from "../infra/core/aws-regions.ts";
import { CliError, wrongInput } from "./errors.ts";
import type { Installation } from "./installation.ts";

/** The editions, as people know them. */
export const products = ["community", "starter", "pro", "enterprise"] as const;
export type Product = (typeof products)[number];

/** Ends the name of an enterprise installation's global stack: NAME-global, beside NAME-<region>. */
export const globalSuffix = "-global";

/** Stack of every command that is not told one. */
export const defaultStack = "community";

/** The engine's rule for stack names, narrowed to what Docker takes in a name. */
const stackPattern = /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/;

/** The name as it came, or exit 2. Units: 2 to 40 characters. */
export function checkStackName(name: string): string {
  if (stackPattern.test(name)) return name;
  throw wrongInput("that is no stack name", [
    {
      path: "stack",
      got: name,
      rule: "2 to 40 of a-z, 0-9 and -, a letter first, no - at the end",
      fix: `Write it as ${writable(name)}.`,
    },
  ]);
}

/** What is left of a name that cannot be used. */
function writable(name: string): string {
  const head = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 40);
  const whole = head.replace(/-+$/, "");
  return stackPattern.test(whole) ? whole : "acme";
}

/** Stacks with a config in this folder, sorted. */
export async function configuredStacks(installation: Pick<Installation, "folder">): Promise<string[]> {
  const names = await readdir(installation.folder);
  return names.flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []).sort();
}

/** The stack of that name, or all of the enterprise installation of that name, the global one first; [] for neither. */
export function namedStacks(name: string, configured: readonly string[]): string[] {
  const global = `${name}${globalSuffix}`;
  if (configured.includes(name)) return [name];
  if (!configured.includes(global)) return [];
  return [global, ...configured.filter((stack) => awsRegions.some((region) => stack === `${name}-${region}`))];
}

/** community, or a stack this installation has; anything else is a slip, exit 2, and makes no stack. */
export async function checkKnownStack(installation: Installation, name: string): Promise<string> {
  const stack = checkStackName(name);
  const known = [...new Set([defaultStack, ...(await configuredStacks(installation))])];
  if (known.includes(stack)) return stack;
  if (known.includes(`${stack}${globalSuffix}`)) throw notOperable(stack, "enterprise");
  throw noSuchStack(stack, known, `./fidus up ${defaultStack}`);
}

/** Exit 2: nothing has that name. The fix names the one that was meant, but no `up` that may buy; `otherwise` where none resembles it. */
export function noSuchStack(name: string, known: readonly string[], otherwise: string): CliError {
  const product = products.find((one) => one === name);
  const installations = known.flatMap((stack) => (stack.endsWith(globalSuffix) ? stack.slice(0, -globalSuffix.length) : []));
  const meant = nearest(name, [...known, ...installations]);
  const other = product === undefined ? otherwise : `./fidus init ${product} --name ${product}`;
  const slip = meant === defaultStack ? `./fidus up ${defaultStack}` : `Did you mean ${meant}?`;
  const fix = product !== undefined || meant === null ? other : slip;
  const rule = known.length === 0 ? "a stack; this checkout has none yet" : `one of ${[...known, ...installations].join(", ")}`;
  return wrongInput("there is no such stack", [{ path: "stack", got: name, rule, fix }]);
}

/** Said in place of pretending: the infrastructure of the edition can be made, and the product on it is not built yet. */
export function notOperable(stack: string, edition: string): CliError {
  return new CliError(`${stack}: of edition ${edition} only the infrastructure exists yet; there is nothing on it to operate`, {
    code: "not-operable",
    fix: `./fidus up ${stack} makes or changes the infrastructure; how it is removed: docs/${edition.split("-")[0] ?? edition}.md#remove-it`,
  });
}
