import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { litellmYaml } from "../docker/litellm.ts";
import { fillDocument, TestEngine } from "./testing.ts";

const engine = new TestEngine();
let images = { base: "", litellm: "" };
/** A name whose tokenizer LiteLLM would look for on the model hub. */
const model = "llama3.1:8b";
const masterKey = "sk-test-of-the-image";

beforeAll(async () => {
  images = await engine.images("base", "litellm");
});
afterAll(() => engine.close());

/** The gateway without any network, and on its loopback a name server that tells who asked for what, and a runtime. */
async function startGateway(env: Record<string, string> = {}): Promise<string> {
  const files = await engine.volume();
  const yaml = litellmYaml({ model, apiBase: "http://127.0.0.1:8080/v1", masterKey });
  await engine.fill(images.base, files, fillDocument("litellm", { "litellm.yaml": yaml }));
  const probe = readFileSync(join(import.meta.dirname, "litellm-egress.py"), "utf8");
  const id = await engine.start({
    image: images.litellm,
    volumes: [`${files}:/run/fidus:ro`],
    env: { ...env, PROBE: probe },
    options: ["--dns", "127.0.0.1", "--entrypoint", "bash"],
    args: ["-c", 'python -c "$PROBE" && exec entrypoint'],
  });
  await engine.healthy(id, "4000", "/health/liveliness");
  return id;
}

const ask = `
import json, sys, urllib.request
body = {"model": sys.argv[1], "messages": [{"role": "user", "content": "Hi"}], "stream": True, "stream_options": {"include_usage": True}}
headers = {"content-type": "application/json", "authorization": "Bearer " + sys.argv[2]}
request = urllib.request.Request("http://127.0.0.1:4000/v1/chat/completions", json.dumps(body).encode(), headers)
print(urllib.request.urlopen(request, timeout=30).read().decode())
`;

test("runs without root; neither its start nor an answer whose tokens it counts itself asks for a name outside", async () => {
  const id = await startGateway();
  expect(await engine.exec(id, "id", "-u")).toBe("10005");
  expect(await engine.exec(id, "python", "-c", ask, model, masterKey)).toMatch(/"completion_tokens": ?1\b/);
  // The probe sees what is asked for: this one name, and no other before it.
  await engine.status(id, "python", "-c", 'import socket; socket.gethostbyname("control.example")');
  expect([...new Set((await engine.logs(id)).match(/asked for .*/g))]).toEqual(["asked for control.example"]);
});

test("without the image's settings it would ask, so the test above can fail", async () => {
  const id = await startGateway({ LITELLM_LOCAL_MODEL_COST_MAP: "" });
  expect(await engine.logs(id)).toContain("asked for raw.githubusercontent.com");
});

test("without its file it stops and says which", async () => {
  const id = await engine.start({ image: images.litellm });
  expect((await engine.docker(["wait", id])).trim()).toBe("2");
  expect(await engine.logs(id)).toContain("/run/fidus/litellm.yaml: got nothing; needs LiteLLM's settings. Run ./fidus up.");
});
