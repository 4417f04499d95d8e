import { planned } from "../plan/values.ts";
import { violation, type Finding } from "./policy.ts";

/** Names of settings whose value is a secret. */
const secretName = /(password|passphrase|secret|token|(?:api|access|secret|private|license)Key)$/i;
/** Names that end so and are none: identifiers, and keys that are public. */
const harmless = /(publicKey|keyId|accessKeyId|tokenId|hostKey)$/i;

/** Secrets of a stack's config that everybody who reads the file can read. */
export function plainSecrets(stack: string, config: Readonly<Record<string, unknown>>): readonly Finding[] {
  return Object.entries(config).flatMap(([path, value]) => {
    const key = path.split(":").at(-1) ?? path;
    if (!secretName.test(key) || harmless.test(key) || planned(value).kind !== "known") return [];
    const said = violation(`${key} stands in the config in clear`);
    return [{ ...said, rule: "plain-secret", urn: stack, fix: `pulumi config set --secret ${key}; then rotate it` }];
  });
}
