import { readFile } from "node:fs/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StackContainer } from "../../cli/containers.ts";
import { docker, laterPort, newProduct, type Ended, type Product, type UpJson } from "./product.ts";
import { holds } from "./search-bytes.ts";
import { selfSigned } from "./self-signed.ts";

const domain = "fidus.test";
let product: Product;
/** After everything has been set and rotated. */
let containers: StackContainer[] = [];
/** Every secret value of the stack by name, from before and after the rotation. */
const secrets = new Map<string, string>();
/** The generated ones, before the rotation. */
let before = new Map<string, string>();
let rotated: UpJson;
/** What the ups printed for people and programs, without the one line that shows the login. */
let upOutput = "";

beforeAll(async () => {
  product = await newProduct();
  const { admin, ...first } = await product.up();
  if (admin === null) throw new Error("the first up made no administrator");
  before = await generated();
  // All that can be secret at once: a gateway with its key, a given certificate with its own, and every password anew.
  const { chain, key } = await selfSigned(domain);
  const [httpPort, httpsPort] = [String(await laterPort()), String(await laterPort())];
  await product.configure({ domain, httpPort, httpsPort, secretsGeneration: "2" });
  await product.configure({ tlsCertificate: chain, tlsPrivateKey: key }, "--secret");
  rotated = await product.up("--runtime", "litellm");
  upOutput = JSON.stringify([first, rotated]);
  containers = await product.containers();
  for (const [name, value] of before) secrets.set(`${name}, before the rotation`, value);
  for (const [name, value] of await generated()) secrets.set(name, value);
  // Each line by itself: whatever breaks the text or escapes its newlines leaves them.
  for (const [index, line] of key.split("\n").filter(isKeyMaterial).entries())
    secrets.set(`TLS private key, line ${index + 1}`, line);
  secrets.set("TLS private key", key).set("admin password", admin.password).set("admin API key", admin.apiKey);
}, 1_500_000);

afterAll(() => product.remove(), 120_000);

/** The generated passwords, as the state keeps them. */
async function generated(): Promise<Map<string, string>> {
  const { stdout } = await product.pulumi("stack", "export", "--show-secrets", "--stack", "community");
  const { deployment } = JSON.parse(stdout) as {
    deployment: { resources: { type: string; urn: string; outputs?: { result?: unknown } }[] };
  };
  const found = new Map<string, string>();
  for (const { type, urn, outputs } of deployment.resources) {
    if (type !== "random:index/randomPassword:RandomPassword") continue;
    const result = outputs?.result;
    // With --show-secrets the engine writes {signature, plaintext: JSON}.
    const text = typeof result === "string" ? result : JSON.parse((result as { plaintext: string }).plaintext);
    found.set(urn.split("::").at(-1) ?? urn, String(text));
  }
  return found;
}

/** A line of a PEM text that is not the same in every key: not its markers, and not a short rest. */
function isKeyMaterial(line: string): boolean {
  return line.length >= 40 && !line.startsWith("-----");
}

/** The value itself and the forms in which it would travel. */
function forms(value: string): string[] {
  const base64 = Buffer.from(value).toString("base64");
  const escaped = JSON.stringify(value).slice(1, -1);
  return [value, escaped, base64, base64.replace(/=+$/, ""), encodeURIComponent(value), Buffer.from(value).toString("hex")];
}

function expectNone(where: string, text: string): void {
  for (const [name, value] of secrets) {
    for (const form of forms(value)) expect(text.includes(form), `${name} in ${where}`).toBe(false);
  }
}

const all = ({ stdout, stderr }: Ended): string => `${stdout}\n${stderr}`;

test("there are secrets to look for, and the search finds one that is there", async () => {
  expect([...secrets.keys()]).toEqual(
    expect.arrayContaining([
      "secret-database",
      "secret-cache",
      "secret-session",
      "secret-encryption",
      "secret-fingerprint",
      "secret-gateway",
      "secret-gateway, before the rotation",
      "TLS private key",
      "TLS private key, line 1",
      "TLS private key, line 2",
      "admin password",
      "admin API key",
    ]),
  );
  const value = secrets.get("secret-database") ?? "";
  expect(value).toHaveLength(40);
  expect(() => expectNone("a text that holds it", `x${Buffer.from(value).toString("base64")}x`)).toThrow();
  const inUse = async (role: string, file: string): Promise<string> => {
    const id = containers.find((container) => container.role === role)?.id ?? role;
    return docker(["exec", id, "cat", `/run/fidus/${file}`]);
  };
  for (const [role, file] of [
    ["proxy", "tls.key"],
    ["litellm", "litellm.yaml"],
    ["api", "openai_api_key"],
  ] as const) {
    const text = await inUse(role, file);
    expect(() => expectNone(file, text), `${file} of ${role}`).toThrow();
  }
});

test("no secret is in exported state, config file, plan, engine log or output [X-01]", async () => {
  expectNone("up --json", upOutput);
  expectNone("stack export", all(await product.pulumi("stack", "export", "--stack", "community")));
  expectNone("stack output", all(await product.pulumi("stack", "output", "--json", "--stack", "community")));
  expectNone("config", all(await product.pulumi("config", "--json", "--stack", "community")));
  expectNone("preview --json", all(await product.pulumi("preview", "--json", "--show-sames", "--stack", "community")));
  expectNone("preview --diff", all(await product.pulumi("preview", "--diff", "--stack", "community")));
  expectNone("status", all(await product.fidus("status", "community", "--json")));
  expectNone("choose", all(await product.fidus("choose", "community", "--json")));
  const env = await product.fidus("env", "community", "--json");
  expectNone("env", all(env));
  const file = (JSON.parse(env.stdout) as Record<string, string>)["PULUMI_OPTION_CONFIG_FILE"] ?? "";
  const config = await readFile(file, "utf8");
  expect(config).toContain("tlsPrivateKey");
  expectNone(file, config);
}, 120_000);

test("no secret is in inspect, logs, process arguments or environments of any container", async () => {
  for (const { id, name } of containers) {
    expectNone(`inspect ${name}`, await docker(["inspect", id]));
    expectNone(`logs ${name}`, String((await execa("docker", ["logs", id], { all: true })).all));
    expectNone(`top ${name}`, await docker(["top", id, "-eo", "pid,args"]));
    const read = ["exec", "--user", "0", id, "sh", "-c", "cat /proc/[0-9]*/environ 2>/dev/null || true"];
    expectNone(`environment in ${name}`, (await execa("docker", read)).stdout);
  }
}, 120_000);

test("no secret is in any image, its layers or its history", async () => {
  const values = new Map([...secrets].map(([name, value]) => [name, [value, Buffer.from(value).toString("base64")]]));
  for (const image of new Set(containers.map(({ image: reference }) => reference))) {
    expectNone(`history ${image}`, await docker(["history", "--no-trunc", image]));
    const save = execa("docker", ["save", image], { buffer: false });
    expect(await holds(save.readable(), values), `in the layers of ${image}`).toEqual([]);
    await save;
  }
}, 600_000);

test("each role's files are 0400, its own, and only those that it is told to read", async () => {
  const expected: Record<string, readonly string[]> = {
    api: ["database_url", "encryption_key", "openai_api_key", "redis_url", "session_secret"],
    litellm: ["litellm.yaml"],
    llm: [],
    postgres: ["postgres_password"],
    proxy: ["nginx.conf", "tls.crt", "tls.key"],
    redis: ["redis_password"],
    web: [],
    worker: ["database_url", "encryption_key", "openai_api_key"],
  };
  expect(containers.map(({ role }) => role).sort()).toEqual(Object.keys(expected));
  for (const { role, id } of containers) {
    const list = 'id -u; cd /run/fidus && for file in *; do [ ! -e "$file" ] || stat -c "%n %a %u" "$file"; done';
    const [uid, ...files] = (await docker(["exec", id, "sh", "-c", list])).trim().split("\n");
    expect(files, role).toEqual(expected[role]?.map((file) => `${file} 400 ${uid}`));
    const environment = JSON.parse(await docker(["inspect", "--format", "{{json .Config.Env}}", id])) as string[];
    const named = environment.flatMap((line) => /^[A-Z_]+_FILE=\/run\/fidus\/(.+)$/.exec(line)?.[1] ?? []);
    if (["api", "worker"].includes(role)) expect(named.sort(), role).toEqual(expected[role]);
  }
});

test("rotation: raised by one, every password is another, everything works and the rows stay", async () => {
  expect(rotated.changes["replace"]).toBeGreaterThan(0);
  expect(rotated.proof?.completionTokens).toBeGreaterThan(0);
  // The administrator is there: the rows stayed.
  expect(rotated.admin).toBeNull();
  for (const name of ["secret-database", "secret-cache", "secret-session", "secret-gateway"])
    expect(secrets.get(name), name).not.toBe(before.get(name));
  for (const name of ["secret-encryption", "secret-fingerprint"]) expect(secrets.get(name), name).toBe(before.get(name));
  const database = containers.find(({ role }) => role === "postgres");
  const query = 'read -r PGPASSWORD; export PGPASSWORD; psql -h 127.0.0.1 -U fidus -d fidus -Atc "select count(*) from users"';
  const count = (password = "") =>
    execa("docker", ["exec", "-i", database?.id ?? "", "sh", "-c", query], { input: `${password}\n`, reject: false });
  expect((await count(before.get("secret-database"))).stderr).toContain("password authentication failed");
  expect((await count(secrets.get("secret-database"))).stdout).toBe("1");
}, 180_000);
