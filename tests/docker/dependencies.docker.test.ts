import { once } from "node:events";
import { utimesSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { Redis } from "ioredis";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../infra/core/eventually.ts";
import { checkout, laterPort, newProduct, type Product } from "./product.ts";

interface Login {
  readonly email: string;
  readonly password: string;
}

let product: Product;
/** What the first up printed as JSON. */
let first: Readonly<Record<string, unknown>>;
let begun = 0;
let developer: Login;

beforeAll(async () => {
  product = await newProduct();
  begun = performance.now();
  const choices = ["--services", "dependencies", "--runtime", "ollama-native", "--model", "llama3.1:8b"];
  const ended = await product.fidus("up", "community", "--json", ...choices);
  if (ended.code !== 0) throw new Error(ended.stderr);
  first = JSON.parse(ended.stdout) as typeof first;
}, 900_000);

afterAll(() => product.remove(), 120_000);

const roles = async (): Promise<string> =>
  (await product.containers()).map(({ role, state, health }) => `${role} ${state} ${health}`).join(", ");
const storesAlone = "postgres running healthy, redis running healthy";

async function environment(): Promise<Readonly<Record<string, string>>> {
  return JSON.parse((await product.fidus("env", "community", "--app", "--json")).stdout) as Record<string, string>;
}

async function query(sql: string, url?: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url ?? (await environment())["DATABASE_URL"] ?? "" });
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

/** Status of a sign-in as the page does it. */
async function signIn(origin: string, { email, password }: Login): Promise<number> {
  const headers = { "content-type": "application/json", "x-fidus-csrf": "1", origin };
  return (await fetch(`${origin}/api/v1/auth/login`, { method: "POST", headers, body: JSON.stringify({ email, password }) }))
    .status;
}

describe("services: dependencies", () => {
  test("runs PostgreSQL and Redis alone, published on 127.0.0.1 only, on volumes, and says where [C-28] [C-30] [C-31] [X-07]", async () => {
    expect(await roles()).toBe(storesAlone);
    const stores = first["stores"] as { postgres: string; redis: string };
    expect((await product.containers()).flatMap(({ ports }) => ports)).toEqual([
      `${stores.postgres}->5432/tcp`,
      `${stores.redis}->6379/tcp`,
    ]);
    expect([stores.postgres, stores.redis].every((address) => address.startsWith("127.0.0.1:"))).toBe(true);
    expect(first).toMatchObject({ url: null, apiUrl: null, admin: null, proof: null, demo: false });
  });

  test("status knows that nothing else is meant to run, and shows no address of a page", async () => {
    const { code, stdout } = await product.fidus("status", "community", "--json");
    expect(code, stdout).toBe(0);
    const none = { url: null, apiUrl: null, runtime: null, model: null };
    expect(JSON.parse(stdout)).toMatchObject({ healthy: true, missing: [], variant: "dependencies", ...none });
  });

  test("env --app opens both stores, and names the runtime as this host reaches it [C-30] [C-31] [C-40]", async () => {
    const env = await environment();
    expect(env).toMatchObject({ LLM_RUNTIME: "ollama-native", OPENAI_API_BASE_URL: "http://127.0.0.1:11434/v1" });
    expect(await query("select current_user, current_database()")).toEqual([
      { current_user: "fidus", current_database: "fidus" },
    ]);
    const redis = new Redis(env["REDIS_URL"] ?? "");
    expect([await redis.ping(), await redis.config("GET", "appendonly")]).toEqual(["PONG", ["appendonly", "yes"]]);
    redis.disconnect();
    const { stdout } = await execa(
      "sh",
      ["-c", 'eval "$("$0" env --app)" && printf %s "$DATABASE_URL"', join(checkout, "fidus")],
      {
        env: product.env,
      },
    );
    expect(stdout).toBe(env["DATABASE_URL"]);
  });

  test("Neo4j and Qdrant are refused at preview with the reason [C-02]", async () => {
    for (const [key, reason] of [
      ["neo4j", "no Neo4j: Debian has no package of it"],
      ["qdrant", "no Qdrant: Debian has no package of it; vectors are kept in PostgreSQL with pgvector"],
    ] as const) {
      await product.pulumi("config", "set", key, "true", "--stack", "community");
      const { code, stdout, stderr } = await product.pulumi("preview", "--stack", "community");
      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain(`${key}: got "a key that Fidus does not have"; needs ${reason}`);
      expect((await product.pulumi("config", "rm", key, "--stack", "community")).code).toBe(0);
    }
    expect(await roles()).toBe(storesAlone);
  });

  test("reset begins anew: old rows and passwords are gone, migrations have run, dev@fidus.local exists once [C-37]", async () => {
    const old = (await environment())["DATABASE_URL"];
    await query("create table of_before (id int)");
    const ended = await product.fidus("reset", "community", "--yes", "--json");
    expect(ended.code, ended.stderr).toBe(0);
    developer = JSON.parse(ended.stdout) as Login;
    expect(developer.email).toBe("dev@fidus.local");
    expect(await query("select email, name, role from users")).toEqual([
      { email: "dev@fidus.local", name: "Dev Admin", role: "admin" },
    ]);
    expect(await query("select to_regclass('of_before') as found")).toEqual([{ found: null }]);
    await expect(query("select 1", old)).rejects.toThrow("password authentication failed");
    expect(await roles()).toBe(storesAlone);
  }, 600_000);
});

/** `./fidus ARGS` that goes on until it is ended. */
function start(args: readonly string[], env: NodeJS.ProcessEnv) {
  return execa(join(checkout, "fidus"), args, { env: { ...product.env, ...env }, all: true, reject: false, stdin: "ignore" });
}

async function listening(server: Server): Promise<Server> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

describe("the app from the sources on the host", () => {
  let app: ReturnType<typeof start>;
  let printed = "";
  /** Paths that a runtime on this host was asked for. */
  const asked: string[] = [];
  const runtime = createServer((req, res) => void (asked.push(req.url ?? ""), res.writeHead(404).end()));
  let page = "";
  let api = "";

  beforeAll(async () => {
    const [pagePort, apiPort] = [await laterPort(), await laterPort()];
    [page, api] = [`http://localhost:${pagePort}`, `http://localhost:${apiPort}`];
    const args = ["dev", "community", "--port", String(pagePort), "--api-port", String(apiPort)];
    const { port } = (await listening(runtime)).address() as AddressInfo;
    app = start(args, {
      OPENAI_API_BASE_URL: `http://127.0.0.1:${port}/v1`,
      DATABASE_URL: "postgres://somebody@127.0.0.1:1/else",
    });
    app.all.on("data", (text: Buffer) => (printed += text.toString()));
    await eventually(
      "the app answers",
      async () => (await fetch(`${page}/health`)).ok && (await fetch(`${api}/health`)).ok,
      300_000,
    );
  }, 320_000);

  afterAll(async () => {
    app.kill("SIGTERM");
    await app;
    runtime.close();
  });

  test("serves page and API on the stores of the stack, minutes after nothing was there [C-28] [Q-09] [Q-10]", async () => {
    expect((await fetch(page)).headers.get("content-type")).toContain("text/html");
    expect(await signIn(page, developer)).toBe(200);
    const ready = async () => (await fetch(`${api}/health/ready`)).json();
    await eventually("both stores are up", async () => {
      const { services } = (await ready()) as { services: Record<string, string> };
      return services["postgres"] === "up" && services["redis"] === "up";
    });
    expect((performance.now() - begun) / 60_000).toBeLessThan(15);
  });

  test("asks the runtime that one variable of the shell names, and no store of the shell's [C-40]", async () => {
    await eventually("the runtime is asked", () => asked.includes("/v1/models"));
  });

  test("listens on this machine alone [X-07]", async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const outward = addresses.filter(({ family, internal }) => family === "IPv4" && !internal);
    expect(outward).not.toEqual([]);
    for (const { address } of outward) {
      for (const url of [page, api]) await expect(fetch(url.replace("localhost", address))).rejects.toThrow("fetch failed");
    }
  });

  test("a second one is refused while the first has the ports, and says who has them", async () => {
    const { port } = new URL(page);
    const refused = await product.fidus("dev", "community", "--port", port, "--api-port", new URL(api).port);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(new RegExp(`--port: got "${port}, held by node \\(pid \\d+\\)"; needs a free port`));
    expect(refused.stderr).toContain(`./fidus dev --port ${Number(port) + 100}`);
    const same = await product.fidus("dev", "community", "--port", "3100", "--api-port", "3100");
    expect([same.code, same.stderr]).toEqual([2, expect.stringContaining("needs a port of its own")]);
  });

  test("a changed source file starts it anew by itself, and no container is touched [C-28] [Q-09]", async () => {
    const before = (await product.containers()).map(({ id, startedAt }) => `${id} ${startedAt}`);
    const starts = (): number => printed.split("Restarting").length;
    const once = starts();
    const now = new Date();
    utimesSync(join(checkout, "app/src/roles/api.ts"), now, now);
    await eventually("a restart", () => starts() > once);
    await eventually("the app answers again", async () => (await fetch(`${page}/health`)).ok);
    expect((await product.containers()).map(({ id, startedAt }) => `${id} ${startedAt}`)).toEqual(before);
  });

  test("a changed file of the page is built by itself [C-28]", async () => {
    const now = new Date();
    utimesSync(join(checkout, "app/web/style.css"), now, now);
    await eventually("a new page", () => printed.includes("page built again"));
    await eventually("it is served", async () => (await fetch(page)).ok);
  });

  test("SIGINT ends all of it, with exit 0", async () => {
    app.kill("SIGINT");
    expect((await app).exitCode).toBe(0);
    await expect(fetch(`${page}/health`)).rejects.toThrow();
    await expect(fetch(`${api}/health`)).rejects.toThrow();
  });
});

describe("switching", () => {
  test("to all keeps the rows: the developer signs in at the product; reset and env --app are then refused", async () => {
    const { proof } = await product.up("--services", "all", "--runtime", "embedded");
    expect(proof?.completionTokens).toBeGreaterThan(0);
    expect(await signIn(product.url, developer)).toBe(200);
    expect((await product.containers()).filter(({ role }) => role !== "proxy").flatMap(({ ports }) => ports)).toEqual([]);
    const before = (await product.containers()).map(({ id }) => id);
    const reset = await product.fidus("reset", "community", "--yes");
    expect(reset.code).toBe(3);
    expect(reset.stderr).toContain('services: got "all"; needs dependencies: reset is for development');
    expect((await product.fidus("env", "--app")).code).toBe(2);
    expect((await product.fidus("choose", "community", "--services", "dependencies")).code).toBe(0);
    const hasty = await product.fidus("reset", "community", "--yes");
    expect([hasty.code, hasty.stderr]).toEqual([3, expect.stringContaining('services: got "all, which still runs"')]);
    expect((await product.containers()).map(({ id }) => id)).toEqual(before);
  }, 600_000);

  test("back to dependencies keeps them too", async () => {
    const ended = await product.fidus("up", "community", "--services", "dependencies");
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stdout).toContain('eval "$(./fidus env --app)"');
    expect(await roles()).toBe(storesAlone);
    expect(await query("select email from users")).toEqual([{ email: "dev@fidus.local" }]);
  }, 600_000);
});
