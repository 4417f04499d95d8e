import { z } from "zod";
import { nearest } from "../infra/config/values.ts";
import type { Docker } from "../infra/images/docker-cli.ts";
import { DockerError } from "../infra/images/docker-cli.ts";
import { stackContainers } from "./containers.ts";
import type { CliContext } from "./context.ts";
import { cannotGoOn, CliError, wrongInput } from "./errors.ts";
import { openSession } from "./session.ts";

/** Login of a new administrator, shown once and kept nowhere. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly apiKey: string;
}

/** What the application prints of an account that it made. */
export const credentials = z.object({ email: z.string(), password: z.string(), apiKey: z.string() });
const count = z.object({ admins: z.number() });
const sealed = z.object({
  unsealed: z.number(),
  ring: z.array(z.object({ key: z.string(), dataKeys: z.number() })),
  lost: z.number(),
});
/** What is in clear, what each key of the ring (newest first) opens, and what none of them opens. */
export type Sealed = z.output<typeof sealed>;
const schema = z.object({
  version: z.number(),
  latest: z.number(),
  pending: z.array(z.string()),
  unknown: z.array(z.string()),
  floor: z.number(),
});
/** Where a database stands, and what the running version has. Numbers are those of migrations. */
export type Schema = z.output<typeof schema>;
const migrated = z.object({ from: z.number(), to: z.number(), applied: z.array(z.string()) });
const account = z.object({
  email: z.string(),
  role: z.string(),
  disabled: z.boolean(),
  createdAt: z.string(),
  conversations: z.number(),
  documents: z.number(),
  keys: z.number(),
});
const accounts = z.object({ accounts: z.array(account) });
/** An account, and how much is kept for it. */
export type Account = z.output<typeof account>;
const erased = account.pick({ email: true, conversations: true, documents: true, keys: true });
/** What an erasure destroyed. */
export type Erased = z.output<typeof erased>;
const key = z.object({ id: z.string(), apiKey: z.string() });

const used = z.object({
  from: z.string(),
  to: z.string(),
  usage: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
});

/** Sums of calls, tokens and costs: `from` and `to` in time, and a row per group. */
export type Used = z.output<typeof used>;

/** What usage is asked for: days, both included, and the groups to sum up by; null leaves it to the application. */
export interface UsageQuestion {
  readonly from: string | null;
  readonly to: string | null;
  readonly by: readonly string[];
}

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
  /** Everybody's usage. */
  usage(question: UsageQuestion): Promise<Used>;
  /** The same as CSV, head line first. */
  usageCsv(question: UsageQuestion): Promise<string>;
  /** All accounts, oldest first. */
  accounts(): Promise<readonly Account[]>;
  /** The account of an address. Throws exit 2 when there is none, and names the one that was meant. */
  account(email: string): Promise<Account>;
  /** Gives a person's data, a JSON line each. */
  export(email: string, eachLine: (line: string) => Promise<void> | void): Promise<void>;
  /** Throws exit 2 when it is the last administrator's. */
  erase(email: string): Promise<Erased>;
  /** Seals and wraps all there is by the newest key. */
  seal(): Promise<Sealed>;
  schema(): Promise<Schema>;
  /** Applies what is pending. Throws exit 1 with the words of the migration that failed. */
  migrate(): Promise<z.output<typeof migrated>>;
}

/** Administration through `docker exec` in `container`: secrets come back on its standard output and are in no log. */
export function appAdmin(docker: Docker, container: string): AppAdmin {
  const inside = ["exec", container, "node", "/app/main.js"];
  const call = (args: readonly string[]): Promise<string> => docker([...inside, ...args]);
  const list = async (): Promise<readonly Account[]> =>
    accounts.parse(JSON.parse(await call(["admin", "list", "--json"]))).accounts;
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
    usage: async (question) => used.parse(JSON.parse(await call(usageArguments(question)))),
    usageCsv: (question) => call([...usageArguments(question), "--csv"]),
    accounts: list,
    account: async (email) => {
      const known = await list();
      const found = known.find((one) => one.email === email.trim().toLowerCase());
      if (found !== undefined) return found;
      const meant = nearest(
        email.trim(),
        known.map((one) => one.email),
      );
      const fix = meant === null ? "./fidus admin list" : `Did you mean ${meant}? All: ./fidus admin list`;
      throw wrongInput("there is no such account", [{ path: "EMAIL", got: email, rule: "the address of an account", fix }]);
    },
    export: async (email, eachLine) => void (await docker([...inside, "admin", "export", "--email", email], { eachLine })),
    erase: async (email) => {
      try {
        return erased.parse(JSON.parse(await call(["admin", "erase", "--email", email, "--json"])));
      } catch (error) {
        if (error instanceof DockerError && error.exitCode === 2) throw refusedErasure(email, error);
        throw error;
      }
    },
    seal: async () => sealed.parse(JSON.parse(await call(["admin", "seal", "--json"]))),
    schema: async () => schema.parse(JSON.parse(await call(["migrate", "--status", "--json"]))),
    migrate: async () => {
      try {
        return migrated.parse(JSON.parse(await call(["migrate", "--json"])));
      } catch (error) {
        if (error instanceof DockerError && error.exitCode === 1) throw refusedMigration(error);
        throw error;
      }
    },
  };
}

function usageArguments({ from, to, by }: UsageQuestion): string[] {
  const flag = (name: string, value: string | null): string[] => (value === null ? [] : [`--${name}`, value]);
  return ["usage", ...flag("from", from), ...flag("to", to), "--by", by.join(",")];
}

/** Administration in the running API container of a stack of edition community. Throws exit 1 when none runs. */
export async function openAppAdmin(ctx: CliContext, stack: string): Promise<AppAdmin> {
  const { docker, installation } = await openSession(ctx, stack);
  const containers = await stackContainers(docker, installation.id, stack);
  const api = containers.find(({ role, state }) => role === "api" && state === "running");
  if (api !== undefined) return appAdmin(docker, api.name);
  throw cannotGoOn("The stack does not run", [
    { path: `stack ${stack}`, got: "no running API", rule: "a running stack", fix: `./fidus up ${stack}` },
  ]);
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

/** The application's own words, where it keeps an account. */
function refusedErasure(email: string, error: DockerError): CliError {
  const said = error.output.trim().split("\n").at(-1) ?? "";
  const rule = "an account that is not the last administrator's";
  const fix = "./fidus admin create --email someone-else@example.com";
  return wrongInput(`nothing was erased: ${said}`, [{ path: "EMAIL", got: email, rule, fix }]);
}

/** The application's own words: they name the migration, or the version that the database needs, and the repair. */
function refusedMigration(error: DockerError): CliError {
  const said = error.output.trim().split("\n").at(-1) ?? "";
  return new CliError(`the database was not migrated: ${said}`, { code: "migration-failed" });
}
