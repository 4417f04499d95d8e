/** What every resource of a stack on one Docker engine shares: its visible prefix and its labels. */
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
