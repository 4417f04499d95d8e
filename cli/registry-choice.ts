import { problemUnless, type Problem } from "../infra/core/errors.ts";
import { digestsFile, readDigests } from "../infra/images/registry.ts";
import { wrongInput } from "./errors.ts";

/** A registry's host, port and path as docker takes them. */
export function registryProblems(registry: string): Problem[] {
  const isReference = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/.test(registry);
  return problemUnless(isReference, {
    path: "--registry",
    got: registry,
    rule: "a host, perhaps with port and path, in lower case, without https://",
    fix: "--registry registry.example.com/team",
  });
}

/** Refuses a registry from which this checkout could pull nothing (exit 2): images are pulled by the digests of its release only. */
export async function requirePublished(checkout: string, registry: string): Promise<void> {
  const problems = registryProblems(registry);
  const digests = await readDigests(checkout);
  const published = problemUnless(Object.keys(digests).length > 0, {
    path: "--registry",
    got: registry,
    rule: `a checkout with published images: this one has no ${digestsFile}`,
    fix: `./fidus images publish --registry ${registry}`,
  });
  const all = problems.length > 0 ? problems : published;
  if (all.length > 0) throw wrongInput("images cannot be pulled from there", all);
}
