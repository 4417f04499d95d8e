import { createHash } from "node:crypto";

/** What every resource of a stack shares: its visible prefix and its labels. */
export interface StackIdentity {
  /** Installation id: six lower-case hexadecimal characters. */
  readonly installation: string;
  readonly stack: string;
  readonly edition: string;
}

/** Label that marks everything a stack owns; its value is the installation id. */
export const installationLabel = "fidus.installation";

/** `fidus-<installation>-<stack>`: first part of every container, network and volume name. */
export function namePrefix({ installation, stack }: Pick<StackIdentity, "installation" | "stack">): string {
  return `fidus-${installation}-${stack}`;
}

/** Labels of the resource that plays `role`, sorted by name so that plans compare equal. */
export function labelsFor({ installation, stack, edition }: StackIdentity, role: string): Readonly<Record<string, string>> {
  return {
    "fidus.edition": edition,
    [installationLabel]: installation,
    "fidus.role": role,
    "fidus.stack": stack,
  };
}

/** What resources at a cloud carry beside: who pays for what, and since which release. */
export interface CloudIdentity extends StackIdentity {
  readonly environment: string;
  /** Of Fidus, from package.json. */
  readonly version: string;
}

/** Labels of a cloud resource that plays `role`, sorted by name. All of them can change in place. */
export function cloudLabels(identity: CloudIdentity, role: string): Readonly<Record<string, string>> {
  const { environment, version } = identity;
  const labels = { ...labelsFor(identity, role), "fidus.environment": environment, "fidus.version": version };
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Longest name of a host in DNS, characters. */
const nameLimit = 63;

/**
 * `fidus-<installation>-<stack>-<role>` as a host name: lower case, letters, digits and hyphens, at most 63 characters.
 * What had to be changed or cut ends in a digest of the whole, so that two names never become one.
 */
export function cloudName(identity: Pick<StackIdentity, "installation" | "stack">, role: string): string {
  const whole = `${namePrefix(identity)}-${role}`;
  const plain = whole.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  if (plain === whole && plain.length <= nameLimit) return plain;
  const digest = createHash("sha256").update(whole).digest("hex").slice(0, 8);
  return `${plain.slice(0, nameLimit - digest.length - 1).replace(/-+$/, "")}-${digest}`;
}
