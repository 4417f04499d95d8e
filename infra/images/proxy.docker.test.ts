import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../core/eventually.ts";
import { fillDocument, TestEngine } from "./testing.ts";

const engine = new TestEngine();
let images = { base: "", proxy: "" };

beforeAll(async () => {
  images = await engine.images("base", "proxy");
});
afterAll(() => engine.close());

const config = (answer: string) => `pid /tmp/nginx.pid;
error_log /dev/stderr notice;
events {}
http {
  include /etc/nginx/mime.types;
  access_log /dev/stdout;
  server { listen 8080; location / { return 200 "${answer}\\n"; } location = /health { return 200 "ok"; } }
}
`;

async function startProxy(answer: string): Promise<{ id: string; files: string }> {
  const files = await engine.volume();
  await engine.fill(images.base, files, fillDocument("proxy", { "nginx.conf": config(answer) }));
  return { files, id: await engine.start({ image: images.proxy, volumes: [`${files}:/run/fidus:ro`] }) };
}

/** The body of the page at /, asked from inside. */
function page(id: string): Promise<string> {
  return engine.exec(id, "bash", "-c", 'exec 3<>/dev/tcp/127.0.0.1/8080; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; tail -n 1 <&3');
}

test("serves without root and with a read-only root, and logs to the container's own streams", async () => {
  const { id } = await startProxy("one");
  await engine.healthy(id, "8080", "/health");
  expect(await engine.exec(id, "id", "-u")).toBe("10004");
  expect(await page(id)).toBe("one");
  expect(await engine.logs(id)).toContain('"GET / HTTP/1.0" 200');
});

test("the health check fails on another status and on a closed port", async () => {
  const { id } = await startProxy("one");
  await engine.healthy(id, "8080", "/health");
  expect(await engine.status(id, "healthcheck", "8081", "/health")).not.toBe(0);
  const files = await engine.volume();
  const conf = config("x").replace('return 200 "ok"', "return 503");
  await engine.fill(images.base, files, fillDocument("proxy", { "nginx.conf": conf }));
  const bad = await engine.start({ image: images.proxy, volumes: [`${files}:/run/fidus:ro`] });
  await eventually("the page", async () => (await page(bad)) === "x");
  expect(await engine.status(bad, "healthcheck", "8080", "/health")).toBe(1);
});

test("a changed configuration is loaded without a restart, a broken one is refused and the last good one serves on", async () => {
  const { id, files } = await startProxy("one");
  await engine.healthy(id, "8080", "/health");
  const startedAt = () => engine.docker(["inspect", "--format", "{{.State.StartedAt}}", id]);
  const before = await startedAt();
  await engine.fill(images.base, files, fillDocument("proxy", { "nginx.conf": config("two") }));
  await eventually("the second page", async () => (await page(id)) === "two");
  await engine.fill(images.base, files, fillDocument("proxy", { "nginx.conf": "nonsense;\n" }));
  await eventually("the refusal", async () => (await engine.logs(id)).includes("refused, the last good one is still in use"));
  expect(await page(id)).toBe("two");
  await engine.fill(images.base, files, fillDocument("proxy", { "nginx.conf": config("three") }));
  await eventually("the third page", async () => (await page(id)) === "three");
  expect(await startedAt()).toBe(before);
});

test("stopping ends with code 0, a missing configuration with 2 and the fix", async () => {
  const { id } = await startProxy("one");
  await engine.healthy(id, "8080", "/health");
  await engine.docker(["stop", "--time", "20", id]);
  expect((await engine.docker(["inspect", "--format", "{{.State.ExitCode}}", id])).trim()).toBe("0");
  const empty = await engine.start({ image: images.proxy, volumes: [`${await engine.volume()}:/run/fidus:ro`] });
  expect((await engine.docker(["wait", empty])).trim()).toBe("2");
  expect(await engine.logs(empty)).toContain(
    "/run/fidus/nginx.conf: got nothing; needs the proxy's configuration. Run ./fidus up.",
  );
});

test("a configuration that nginx refuses at the start ends the container with an error", async () => {
  const files = await engine.volume();
  await engine.fill(images.base, files, fillDocument("proxy", { "nginx.conf": "nonsense;\n" }));
  const id = await engine.start({ image: images.proxy, volumes: [`${files}:/run/fidus:ro`] });
  expect((await engine.docker(["wait", id])).trim()).toBe("1");
});
