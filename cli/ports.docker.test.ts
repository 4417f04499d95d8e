import { createServer } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { TestEngine } from "../infra/images/testing.ts";
import { tryPortThere } from "./ports.ts";

test("a port is tried where the engine is: taken, free and no address of it are told apart, and nothing stays", async () => {
  const engine = new TestEngine();
  const { base: image } = await engine.images("base");
  const probe = { image, installation: `test-${process.pid}` };
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const address = holder.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const held = { key: "pagePort", address: "127.0.0.1", port } as const;
  expect(await tryPortThere(engine.docker, probe, held)).toEqual({
    kind: "other",
    name: "another program on the engine's machine",
  });
  holder.close();
  await once(holder, "close");
  expect(await tryPortThere(engine.docker, probe, held)).toEqual({ kind: "free" });
  expect(await tryPortThere(engine.docker, probe, { ...held, address: "192.0.2.1" })).toEqual({ kind: "no-address" });
  expect(await engine.docker(["ps", "--all", "--quiet", "--filter", `label=fidus.installation=${probe.installation}`])).toBe("");
});
