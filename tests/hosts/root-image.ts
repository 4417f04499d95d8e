import type { Docker } from "../../infra/images/docker-cli.ts";
import { debianImage } from "../tools/debian-image.ts";

/** What every test host has, as a server from a provider's Debian 13 image does. */
const basePackages = [
  ...["systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "iproute2", "procps", "ca-certificates"],
  // Hosts are configured by scripts that use them, and tests look from one host at another.
  ...["curl", "python3-minimal"],
];

/** Image of a Debian 13 machine with these packages. */
export function rootImage(docker: Docker, packages: readonly string[]): Promise<string> {
  return debianImage(docker, "host", [...basePackages, ...packages]);
}
