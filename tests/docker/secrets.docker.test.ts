import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stackContainers, type StackContainer } from "../../cli/containers.ts";
import { docker, newProduct, type Ended, type Product } from "./product.ts";

let product: Product;
let containers: StackContainer[] = [];
/** Every secret value of the stack by name: passwords, keys, the passphrase, the administrator's login. */
const secrets = new Map<string, string>();
/** What the first up printed for people and programs, without the one line that shows the login. */
let upOutput = "";

beforeAll(async () => {
  product = await newProduct();
  const { admin, ...rest } = await product.up();
  upOutput = JSON.stringify(rest);
  if (admin === null) throw new Error("the first up made no administrator");
  secrets.set("admin password", admin.password).set("admin API key", admin.apiKey);
  containers = await stackContainers(docker, await product.id(), "community");
  const { stdout } = await product.pulumi("stack", "export", "--show-secrets", "--stack", "community");
  collectPasswords(JSON.parse(stdout));
}, 900_000);

afterAll(() => product.remove(), 120_000);

function collectPasswords(state: unknown): void {
  const { deployment } = state as { deployment: { resources: { type: string; urn: string; outputs?: { result?: unknown } }[] } };
  for (const { type, urn, outputs } of deployment.resources) {
    if (type !== "random:index/randomPassword:RandomPassword") continue;
    const result = outputs?.result;
    // With --show-secrets the engine writes {signature, plaintext: JSON}.
    const text = typeof result === "string" ? result : JSON.parse((result as { plaintext: string }).plaintext);
    secrets.set(urn.split("::").at(-1) ?? urn, String(text));
  }
}

/** The value itself and the forms in which it would travel. */
function forms(value: string): string[] {
  const base64 = Buffer.from(value).toString("base64");
  return [value, base64, base64.replace(/=+$/, ""), encodeURIComponent(value), Buffer.from(value).toString("hex")];
}

function expectNone(where: string, text: string): void {
  for (const [name, value] of secrets) {
    for (const form of forms(value)) expect(text.includes(form), `${name} in ${where}`).toBe(false);
  }
}

const all = ({ stdout, stderr }: Ended): string => `${stdout}\n${stderr}`;

test("there are secrets to look for, and the search finds one that is there", () => {
  expect([...secrets.keys()]).toEqual(
    expect.arrayContaining([
      "secret-database",
      "secret-cache",
      "secret-session",
      "secret-encryption",
      "secret-fingerprint",
      "admin password",
    ]),
  );
  const value = secrets.get("secret-database") ?? "";
  expect(value).toHaveLength(40);
  expect(() => expectNone("a text that holds it", `x${Buffer.from(value).toString("base64")}x`)).toThrow();
});

test("no secret is in exported state, plan, engine log or output [X-01]", async () => {
  expectNone("up --json", upOutput);
  expectNone("stack export", all(await product.pulumi("stack", "export", "--stack", "community")));
  expectNone("stack output", all(await product.pulumi("stack", "output", "--json", "--stack", "community")));
  expectNone("preview --json", all(await product.pulumi("preview", "--json", "--show-sames", "--stack", "community")));
  expectNone("preview --diff", all(await product.pulumi("preview", "--diff", "--stack", "community")));
  expectNone("status", all(await product.fidus("status", "community", "--json")));
  expectNone("choose", all(await product.fidus("choose", "community", "--json")));
  expectNone("env", all(await product.fidus("env", "community")));
}, 120_000);

test("no secret is in inspect, logs, process arguments or environments of any container", async () => {
  for (const { id, name } of containers) {
    expectNone(`inspect ${name}`, await docker(["inspect", id]));
    expectNone(`logs ${name}`, await docker(["logs", id]));
    expectNone(`top ${name}`, await docker(["top", id, "-eo", "pid,args"]));
    const environment = await execa("docker", [
      "exec",
      "--user",
      "0",
      id,
      "sh",
      "-c",
      "cat /proc/[0-9]*/environ 2>/dev/null || true",
    ]);
    expectNone(`environment in ${name}`, environment.stdout);
  }
}, 120_000);

test("no secret is in any image, its layers or its history", async () => {
  for (const image of new Set(containers.map(({ image: reference }) => reference))) {
    expectNone(`history ${image}`, await docker(["history", "--no-trunc", image]));
    const layers = await execa("docker", ["save", image], { encoding: "buffer", maxBuffer: 2_000_000_000 });
    for (const [name, value] of secrets)
      expect(Buffer.from(layers.stdout).includes(value), `${name} in the layers of ${image}`).toBe(false);
  }
}, 300_000);

test("each role's files are 0400, its own, and only those it needs", async () => {
  const expected: Record<string, readonly string[]> = {
    api: ["database_url", "encryption_key", "redis_url", "session_secret"],
    worker: ["database_url", "encryption_key", "redis_url", "session_secret"],
    postgres: ["postgres_password"],
    redis: ["redis_password"],
    proxy: ["nginx.conf"],
  };
  for (const { role, id } of containers) {
    const files = expected[role];
    if (files === undefined) continue;
    const listed = await docker(["exec", id, "sh", "-c", "cd /run/fidus && stat -c '%n %a %u' * && id -u"]);
    const lines = listed.trim().split("\n");
    const uid = lines.pop();
    expect(lines, role).toEqual(files.map((file) => `${file} 400 ${uid}`));
  }
});

test("rotation: raised by one, every password is another, everything works and the rows stay", async () => {
  const before = new Map(secrets);
  await product.pulumi("config", "set", "secretsGeneration", "2", "--stack", "community");
  const { changes, proof } = await product.up();
  expect(changes["replace"]).toBeGreaterThan(0);
  expect(proof?.completionTokens).toBeGreaterThan(0);
  const { stdout } = await product.pulumi("stack", "export", "--show-secrets", "--stack", "community");
  collectPasswords(JSON.parse(stdout));
  for (const name of ["secret-database", "secret-cache", "secret-session"])
    expect(secrets.get(name), name).not.toBe(before.get(name));
  for (const name of ["secret-encryption", "secret-fingerprint"]) expect(secrets.get(name), name).toBe(before.get(name));
  const [database] = (await stackContainers(docker, await product.id(), "community")).filter(({ role }) => role === "postgres");
  const old = before.get("secret-database") ?? "";
  const attempt = await execa(
    "docker",
    [
      "exec",
      "-i",
      database?.id ?? "",
      "sh",
      "-c",
      'read -r PGPASSWORD; export PGPASSWORD; psql -h 127.0.0.1 -U fidus -d fidus -Atc "select count(*) from users"',
    ],
    { input: `${old}\n`, reject: false },
  );
  expect(attempt.stderr).toContain("password authentication failed");
}, 180_000);
