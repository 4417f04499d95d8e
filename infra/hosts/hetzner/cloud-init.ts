/** What a new server is told at its first boot. */
export interface FirstBoot {
  readonly hostname: string;
  /** The user with sudo that Fidus signs in as. */
  readonly user: string;
  /** Public key that may sign in. */
  readonly authorizedKey: string;
  /** The server's own key pair: known before the server exists, so that even the first connection is to the right one. */
  readonly hostKey: { readonly privateKey: string; readonly publicKey: string };
}

/**
 * cloud-config for a new server: who may sign in, and the key that it shows. Everything else is done over SSH by scripts that
 * can run again. Every process on the server can read it, so it holds no secret but the host key itself.
 */
export function firstBootConfig({ hostname, user, authorizedKey, hostKey }: FirstBoot): string {
  const config = {
    hostname,
    users: [
      {
        name: user,
        groups: "sudo",
        shell: "/bin/bash",
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        lock_passwd: true,
        ssh_authorized_keys: [authorizedKey],
      },
    ],
    disable_root: true,
    ssh_pwauth: false,
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
    ssh: { emit_keys_to_console: false },
  };
  return `#cloud-config\n${JSON.stringify(config, null, 2)}\n`; // JSON is YAML
}
