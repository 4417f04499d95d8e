import { afterAll, beforeAll, expect, test } from "vitest";
import { fillDocument, TestEngine } from "./testing.ts";

const engine = new TestEngine();
let images = { base: "", redis: "" };

beforeAll(async () => {
  images = await engine.images("base", "redis");
});
afterAll(() => engine.close());

async function startRedis(password: string, env: Record<string, string> = {}): Promise<{ id: string; files: string }> {
  const [files, data] = [await engine.volume(), await engine.volume()];
  await engine.fill(images.base, files, fillDocument("redis", { redis_password: password }));
  return { files, id: await engine.start({ image: images.redis, volumes: [`${files}:/run/fidus:ro`, `${data}:/data`], env }) };
}

/** The client with the password in its own short-lived environment. */
function cli(id: string, password: string, ...command: string[]): Promise<string> {
  return engine.exec(id, "bash", "-c", 'REDISCLI_AUTH=$0 exec valkey-cli "$@"', password, ...command);
}

test("runs without root, asks for the password, and keeps it out of arguments and environment", async () => {
  const password = 'p"w \\ requirepass #1';
  const { id } = await startRedis(password, { FIDUS_REDIS_MEMORY_MB: "32" });
  await engine.healthy(id);
  expect(await engine.exec(id, "id", "-u")).toBe("10003");
  expect(await engine.exec(id, "valkey-cli", "ping")).toContain("NOAUTH");
  expect(await cli(id, password, "ping")).toBe("PONG");
  expect(await cli(id, password, "config", "get", "maxmemory")).toContain(String(32 * 1024 * 1024));
  expect(await cli(id, password, "config", "get", "appendonly")).toContain("yes");
  const seen = `${await engine.docker(["inspect", id])}${await engine.docker(["top", id, "-eo", "pid,args"])}${await engine.logs(id)}`;
  expect(seen).not.toContain(password);
});

test("what the append-only file took in survives a kill [C-11]", async () => {
  const { id } = await startRedis("p");
  await engine.healthy(id);
  await cli(id, "p", "set", "kept", "yes");
  expect(await cli(id, "p", "waitaof", "1", "0", "5000")).toContain("1");
  await engine.docker(["kill", id]);
  await engine.docker(["start", id]);
  await engine.healthy(id);
  expect(await cli(id, "p", "get", "kept")).toBe("yes");
});

test("a new password counts from the next start on, the old one no longer", async () => {
  const { id, files } = await startRedis("old");
  await engine.healthy(id);
  await engine.fill(images.base, files, fillDocument("redis", { redis_password: "new" }));
  await engine.docker(["restart", id]);
  await engine.healthy(id);
  expect(await cli(id, "new", "ping")).toBe("PONG");
  expect(await cli(id, "old", "ping")).toContain("NOAUTH");
});

test("a missing password stops the start with the fix", async () => {
  const id = await engine.start({ image: images.redis, volumes: [`${await engine.volume()}:/run/fidus:ro`] });
  expect((await engine.docker(["wait", id])).trim()).toBe("2");
  expect(await engine.logs(id)).toContain("/run/fidus/redis_password: got nothing; needs the password. Run ./fidus up.");
});
