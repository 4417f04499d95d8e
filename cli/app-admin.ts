import { z } from "zod";
import type { Docker } from "../infra/images/docker-cli.ts";
import { DockerError } from "../infra/images/docker-cli.ts";
import { type CliError, wrongInput } from "./errors.ts";

/** Login of a new administrator, shown once and kept nowhere. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly apiKey: string;
}

/** What the application prints of an account that it made. */
export const credentials = z.object({ email: z.string(), password: z.string(), apiKey: z.string() });
const count = z.object({ admins: z.number() });
const key = z.object({ id: z.string(), apiKey: z.string() });

/** The one time that people see them. */
export function shownOnce({ email, password, apiKey }: Credentials): string {
  return `\n  Shown once, kept nowhere in clear:\n  E-mail    ${email}\n  Password  ${password}\n  API key   ${apiKey}\n`;
}

/** The application's own administration commands, run inside its API container. */
export interface AppAdmin {
  /** Throws exit 2 when the e-mail exists or is none. */
  create(email: string, role?: "admin" | "user"): Promise<Credentials>;
  admins(): Promise<number>;
  /** A key that ends by itself after `seconds`. */
  temporaryKey(email: string | null, seconds: number): Promise<{ readonly id: string; readonly apiKey: string }>;
  revoke(id: string): Promise<void>;
}

/** Administration through `docker exec` in `container`: secrets come back on its standard output and are in no log. */
export function appAdmin(docker: Docker, container: string): AppAdmin {
  const call = (args: readonly string[]): Promise<string> => docker(["exec", container, "node", "/app/main.js", ...args]);
  return {
    async create(email, role = "admin") {
      try {
        return credentials.parse(JSON.parse(await call(["admin", "create", "--email", email, "--role", role, "--json"])));
      } catch (error) {
        if (error instanceof DockerError && error.exitCode === 2) throw refused(email, error);
        throw error;
      }
    },
    admins: async () => count.parse(JSON.parse(await call(["admin", "count", "--json"]))).admins,
    temporaryKey: async (email, seconds) =>
      key.parse(
        JSON.parse(
          await call([
            "key",
            "create",
            ...(email === null ? [] : ["--email", email]),
            "--ttl-seconds",
            String(seconds),
            "--json",
          ]),
        ),
      ),
    revoke: async (id) => void (await call(["key", "revoke", id])),
  };
}

function refused(email: string, error: DockerError): CliError {
  const said = error.output.trim().split("\n").at(-1) ?? "";
  return wrongInput(`no account was made: ${said}`, [
    {
      path: "--email",
      got: email,
      rule: "an e-mail address that has no account yet",
      fix: "./fidus admin create --email someone-else@example.com",
    },
  ]);
}
