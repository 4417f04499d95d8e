import { readFileSync } from "node:fs";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../infra/core/eventually.ts";
import { architecture } from "../architecture/document.ts";
import { inspected } from "./inspected.ts";
import { expectPersonVerbs } from "./person-verbs.ts";
import { checkout, docker, newProduct, variant1, type Product, type UpJson } from "./product.ts";

let product: Product;
let first: UpJson;
let admin: NonNullable<UpJson["admin"]>;

beforeAll(async () => {
  product = await newProduct();
  first = await product.up();
  if (first.admin === null) throw new Error("the first up made no administrator");
  admin = first.admin;
}, 900_000);

afterAll(() => product.remove(), 120_000);

const api = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${product.url}${path}`, init);
/** What the page itself sends with a change. */
const fromPage = (): Record<string, string> => ({ "content-type": "application/json", "x-fidus-csrf": "1", origin: product.url });

async function signIn(email = admin.email, password = admin.password): Promise<string> {
  const response = await api("/api/v1/auth/login", {
    method: "POST",
    headers: fromPage(),
    body: JSON.stringify({ email, password }),
  });
  if (!response.ok) throw new Error(`login answered ${response.status}`);
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

describe("after the first up", () => {
  test("it has proved itself: a real stream with usage, and says that this is a demo model [C-18] [C-20]", () => {
    expect(first.proof?.events).toBeGreaterThanOrEqual(3);
    expect(first.proof?.completionTokens).toBeGreaterThan(0);
    expect(first.demo).toBe(true);
    expect(admin.apiKey).toMatch(/^fidus_/);
  });

  test("every service of variant 1 runs and is healthy [C-06] [C-20] [A-02]", async () => {
    const seen = (await product.containers()).map(({ role, state, health }) => `${role} ${state} ${health}`).sort();
    expect(seen).toEqual(variant1.map((role) => `${role} running healthy`));
  });

  test("only the proxy publishes ports, on loopback alone [C-13] [X-07]", async () => {
    const published = (await inspected(product)).flatMap(({ Name, HostConfig }) =>
      Object.values(HostConfig.PortBindings ?? {})
        .flat()
        .map(({ HostIp, HostPort }) => `${Name.split("-").at(-1)} ${HostIp}:${HostPort}`),
    );
    expect(published.sort()).toEqual([`proxy 127.0.0.1:${product.apiPort}`, `proxy 127.0.0.1:${product.pagePort}`].sort());
  });

  test("containers are unprivileged, read-only, limited in memory and restart by themselves [C-07] [X-13]", async () => {
    for (const { Name, Config, HostConfig } of await inspected(product)) {
      expect(HostConfig, Name).toMatchObject({
        ReadonlyRootfs: true,
        Privileged: false,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges:true"],
      });
      expect(HostConfig.CapAdd ?? [], Name).toEqual([]);
      expect(Config.User, Name).toMatch(/^100\d\d/);
      expect(HostConfig.Memory, Name).toBeGreaterThan(0);
      expect(HostConfig.MemorySwap, Name).toBe(HostConfig.Memory);
      expect(HostConfig.RestartPolicy.Name, Name).toBe("unless-stopped");
      expect(Config.Healthcheck?.Test[0], Name).toBe("CMD");
    }
  });

  test("is made of what docs/architecture.md shows", async () => {
    const { seen, documented } = architecture(
      "community",
      (await product.pulumi("stack", "export", "--stack", "community")).stdout,
    );
    expect(seen).toBe(documented);
  });

  test("the page and the API answer on one origin, and the API on its own port [C-20] [C-16] [C-08]", async () => {
    expect((await api("/")).headers.get("content-type")).toContain("text/html");
    expect(await (await api("/health")).json()).toMatchObject({ status: "ok" });
    expect((await fetch(`http://localhost:${product.apiPort}/health`)).status).toBe(200);
    expect(await (await api("/api/v1/llm/status")).json()).toMatchObject({
      runtime: "embedded",
      model: "smollm2:135m",
      demo: true,
      reachable: true,
    });
    expect((await api("/api/v1/no-such-path")).status).toBe(404);
  });

  test("plain HTTP on localhost is neither redirected nor pinned to HTTPS", async () => {
    const response = await api("/", { redirect: "manual" });
    expect(response.status).toBe(200);
    expect(response.headers.get("strict-transport-security")).toBeNull();
  });

  test("/v1 refuses without a key and lists the model with one", async () => {
    expect((await api("/v1/models")).status).toBe(401);
    const listed = await api("/v1/models", { headers: { authorization: `Bearer ${admin.apiKey}` } });
    expect(((await listed.json()) as { data: { id: string }[] }).data.map(({ id }) => id)).toContain("smollm2:135m");
  });

  test("the proof's key is gone: only the administrator's is left", async () => {
    const sql = "select count(*) from api_keys where revoked_at is null and (expires_at is null or expires_at > now())";
    const [database] = await product.containers("postgres");
    expect(await docker(["exec", database?.id ?? "", "psql", "-U", "postgres", "-d", "fidus", "-Atc", sql])).toBe("1");
  });
});

describe("what the proxy itself refuses", () => {
  const error = (code: string): unknown => ({
    error: { message: expect.any(String) as string, type: expect.any(String) as string, param: null, code },
  });

  test("a body that no file of 50 MB could have is 413, in the words of the API [C-16]", async () => {
    const body = Buffer.alloc(51 * 1024 * 1024 + 1, "x");
    const response = await api("/v1/chat/completions", { method: "POST", body });
    expect([response.status, await response.json()]).toEqual([413, error("too_large")]);
  });

  test("while the API is away its callers get 502 or 504 in JSON, and are served again when it is back", async () => {
    const [gateway] = await product.containers("api");
    const id = gateway?.id ?? "";
    await docker(["stop", "--time", "20", id]);
    try {
      for (const base of [product.url, `http://localhost:${product.apiPort}`]) {
        const response = await fetch(`${base}/v1/models`);
        // 504 while the proxy still knows its address: nobody there refuses the connection.
        expect([502, 504]).toContain(response.status);
        expect(await response.json()).toEqual(error("unreachable"));
      }
      expect((await api("/")).status).toBe(200);
    } finally {
      await docker(["start", id]);
    }
    await eventually("the API answers again", async () => ((await api("/health/ready")).ok ? true : null));
  });
});

describe("running it again", () => {
  test("a second up changes nothing and answers again", async () => {
    const before = (await product.containers()).map(({ id, startedAt }) => `${id} ${startedAt}`);
    const { changes, admin: again, proof } = await product.up();
    expect(Object.keys(changes)).toEqual(["same"]);
    expect(again).toBeNull();
    expect(proof?.completionTokens).toBeGreaterThan(0);
    expect((await product.containers()).map(({ id, startedAt }) => `${id} ${startedAt}`)).toEqual(before);
  });

  test("a plain preview after a refresh expects no change", async () => {
    const refreshed = await product.pulumi("refresh", "--yes", "--skip-preview", "--stack", "community", "--expect-no-changes");
    expect(refreshed.stdout + refreshed.stderr).not.toContain("error");
    expect(refreshed.code).toBe(0);
    const previewed = await product.pulumi("preview", "--stack", "community", "--expect-no-changes");
    expect(previewed.code, previewed.stdout).toBe(0);
  });

  test("the checkout stays as it was", async () => {
    const { stdout } = await execa("git", ["status", "--porcelain", "--", "Pulumi.community.yaml", "Pulumi.yaml"], {
      cwd: checkout,
    });
    expect(stdout).toBe("");
    expect(readFileSync(`${checkout}/Pulumi.community.yaml`, "utf8")).not.toContain("encryptionsalt");
  });

  test("down and up keep login, conversations and the folder for uploads [C-09] [D-04]", async () => {
    const cookie = await signIn();
    const chat = await api("/api/v1/chat", {
      method: "POST",
      headers: { ...fromPage(), cookie },
      body: JSON.stringify({ content: "Say hello." }),
    });
    expect(await chat.text()).toContain("event: done");
    // Without titles: the worker may be naming a conversation meanwhile.
    const said = async (session: string): Promise<unknown[]> => {
      const read = async (path: string): Promise<Record<string, unknown>> =>
        (await api(`/api/v1/conversations${path}`, { headers: { cookie: session } })).json() as Promise<Record<string, unknown>>;
      const { conversations } = (await read("")) as { conversations: { id: string }[] };
      return await Promise.all(conversations.map(async ({ id }) => [id, (await read(`/${id}`))["messages"]]));
    };
    const before = await said(cookie);
    expect(JSON.stringify(before)).toContain("Say hello.");
    const inApi = async (script: string): Promise<string> => {
      const id = (await product.containers("api"))[0]?.id ?? "";
      return (await docker(["exec", id, "bash", "-c", script])).trim();
    };
    await inApi("echo still here > /app/uploads/kept.txt");
    expect((await product.fidus("down", "community")).code).toBe(0);
    expect(await product.containers()).toEqual([]);
    expect((await product.up()).admin).toBeNull();
    expect(await said(await signIn())).toEqual(before);
    expect(await inApi("cat /app/uploads/kept.txt")).toBe("still here");
  }, 300_000);
});

describe("commands on a running stack", () => {
  test("status --json names address, services, health, images, ports, memory and model [C-05]", async () => {
    const { code, stdout } = await product.fidus("status", "community", "--json");
    expect(code).toBe(0);
    const status = JSON.parse(stdout) as {
      healthy: boolean;
      model: string;
      services: { role: string; memory: string; image: string }[];
    };
    expect(status).toMatchObject({ healthy: true, missing: [], fix: null, model: "smollm2:135m", runtime: "embedded" });
    expect(status).toMatchObject({ url: product.url });
    expect(status.services).toHaveLength(7);
    for (const { memory, image } of status.services) {
      expect(memory).toMatch(/^[\d.]+\wiB$/);
      expect(image).toMatch(/^fidus\/\w+:[0-9a-f]{12}/);
    }
  });

  test("all services but the runtime together stay under 512 MB [Q-13]", async () => {
    const { stdout } = await product.fidus("status", "community", "--json");
    const { services } = JSON.parse(stdout) as { services: { role: string; memory: string }[] };
    const sizes = services.filter(({ role }) => role !== "llm").map(({ memory }) => Number(/^([\d.]+)MiB$/.exec(memory)?.[1]));
    expect(sizes).toHaveLength(6);
    expect(sizes.reduce((sum, size) => sum + size, 0) * 1.048576).toBeLessThan(512);
  });

  test("status misses a container that somebody removed, exits 1, and the up that it names heals it [C-20]", async () => {
    const worker = (await product.containers("worker"))[0];
    await docker(["rm", "--force", worker?.id ?? ""]);
    const seen = await product.fidus("status", "community");
    expect(seen.code).toBe(1);
    expect(seen.stdout).toMatch(new RegExp(`^${worker?.name} +missing `, "m"));
    expect(seen.stdout).toContain("Repair: ./fidus up community");
    const json = JSON.parse((await product.fidus("status", "community", "--json")).stdout) as unknown;
    expect(json).toMatchObject({ healthy: false, missing: [worker?.name], fix: "./fidus up community" });
    expect((await product.fidus("up", "community")).code).toBe(0);
    expect((await product.fidus("status", "community")).code).toBe(0);
  }, 300_000);

  test("logs shows one service's lines and refuses one that does not exist [C-05]", async () => {
    const { code, stdout } = await product.fidus("logs", "community", "postgres", "--tail", "50");
    expect(code).toBe(0);
    expect(stdout).toContain("database system is ready to accept connections");
    const unknown = await product.fidus("logs", "community", "nothing");
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('roles: got "nothing"');
  });

  test("admin create makes a working login once, and refuses the same e-mail with exit 2 [C-18]", async () => {
    const made = await product.fidus("admin", "create", "--email", "ada@example.com", "--json");
    expect(made.code, made.stderr).toBe(0);
    const { email, password, apiKey } = JSON.parse(made.stdout) as Record<string, string>;
    expect(await signIn(email, password)).toContain(`fidus_session_${product.pagePort}=`);
    expect((await api("/v1/models", { headers: { authorization: `Bearer ${apiKey}` } })).status).toBe(200);
    const again = await product.fidus("admin", "create", "--email", "ada@example.com", "--json");
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('--email: got "ada@example.com"');
  });

  test("admin list, export, seal and erase do for a person what the page and the API do, and name a slip", async () => {
    await expectPersonVerbs(product);
  });

  test("migrate says where the database stands, and finds nothing to do after an up [D-06]", async () => {
    const standing = JSON.parse((await product.fidus("migrate", "--status", "--json")).stdout) as Record<string, unknown>;
    expect(standing).toMatchObject({ stack: "community", pending: [], unknown: [], version: standing["latest"] });
    const again = await product.fidus("migrate", "--json");
    expect([again.code, JSON.parse(again.stdout)]).toEqual([
      0,
      { stack: "community", from: standing["version"], to: standing["version"], applied: [] },
    ]);
  });

  test("a plain destroy is refused and leaves data and containers", async () => {
    const before = (await product.containers()).map(({ id }) => id);
    const { code, stdout, stderr } = await product.pulumi("destroy", "--stack", "community", "--yes");
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("protected");
    expect((await product.containers()).map(({ id }) => id)).toEqual(before);
  });
});
