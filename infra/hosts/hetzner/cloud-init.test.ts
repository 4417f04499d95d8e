import { expect, test } from "vitest";
import { parse } from "yaml";
import { firstBootConfig } from "./cloud-init.ts";

const boot = {
  hostname: "fidus-a1b2c3-shop-server",
  user: "fidus",
  authorizedKey: "ssh-ed25519 AAAAC3deploy",
  hostKey: {
    privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n",
    publicKey: "ssh-ed25519 AAAAC3host",
  },
};

test("a new server shows the key that was made for it and lets in one user by one key, no root and no password [X-07]", () => {
  const text = firstBootConfig(boot);
  expect(text.startsWith("#cloud-config\n")).toBe(true);
  expect(parse(text)).toEqual({
    hostname: "fidus-a1b2c3-shop-server",
    users: [
      {
        name: "fidus",
        groups: "sudo",
        shell: "/bin/bash",
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        lock_passwd: true,
        ssh_authorized_keys: ["ssh-ed25519 AAAAC3deploy"],
      },
    ],
    disable_root: true,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: boot.hostKey.privateKey, ed25519_public: "ssh-ed25519 AAAAC3host" },
    ssh: { emit_keys_to_console: false },
  });
});
