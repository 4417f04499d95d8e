import { expect, test } from "vitest";
import { DockerError, type Docker } from "../infra/images/docker-cli.ts";
import type { Engine } from "./docker.ts";
import { demandsOf, requirePortsThere, type Demands } from "./host-check.ts";
import type { HostMeasures } from "./preflight.ts";
import { readSettings } from "./settings.ts";

const demands = (entries: Record<string, string>): Demands => {
  const secrets = new Set(["tlsCertificate", "tlsPrivateKey"]);
  const { values, problems } = readSettings({ entries: () => entries, secrets: () => secrets });
  expect(problems).toEqual([]);
  return demandsOf(values);
};

test("without a config the ports of page and API and the smallest model are looked at", () => {
  const { ports, model } = demandsOf(readSettings(null).values);
  expect(ports).toEqual([
    { key: "pagePort", address: "127.0.0.1", port: 3000 },
    { key: "apiPort", address: "127.0.0.1", port: 8000 },
  ]);
  expect(model?.id).toBe("smollm2:135m");
  expect(demands({ pagePort: "3100", bindAddress: "10.0.0.5" }).ports[0]).toEqual({
    key: "pagePort",
    address: "10.0.0.5",
    port: 3100,
  });
});

test("with a domain those of HTTP and HTTPS are, and no other", () => {
  const certificate = { tlsCertificate: "[secret]", tlsPrivateKey: "[secret]" };
  const recorded = { domain: "fidus.test", bindAddress: "0.0.0.0", pagePort: "3000", httpsPort: "8443", ...certificate };
  expect(demands(recorded).ports).toEqual([
    { key: "httpPort", address: "0.0.0.0", port: 80 },
    { key: "httpsPort", address: "0.0.0.0", port: 8443 },
  ]);
});

test("with dependencies alone those of the stores are, on loopback, and no model", () => {
  expect(demands({ services: "dependencies", bindAddress: "0.0.0.0", redisPort: "6380" })).toEqual({
    ports: [
      { key: "postgresPort", address: "127.0.0.1", port: 5432 },
      { key: "redisPort", address: "127.0.0.1", port: 6380 },
    ],
    model: null,
  });
});

test("a runtime of somebody else asks no memory for its model", () => {
  expect(demands({ llmRuntime: "ollama-native", model: "llama3.1:70b" }).model).toBeNull();
});

test("ports of an engine elsewhere are tried there, all problems at once; those of our own proxy and of this machine are not", async () => {
  const asked: string[] = [];
  const docker: Docker = (args) => {
    asked.push(args.join(" "));
    if (!args.includes("127.0.0.1:8000:1")) return Promise.resolve("");
    const said = "Error response from daemon: listen tcp4 127.0.0.1:8000: bind: address already in use.";
    return Promise.reject(new DockerError(args, 125, said));
  };
  const probe = { image: "fidus/base:1", installation: "a1b2c3" };
  const { ports } = demandsOf(readSettings(null).values);
  const at = (remote: boolean, kind: "free" | "ours") => ({
    measures: { engine: { remote } as Engine } as HostMeasures,
    holderOf: () => Promise.resolve({ kind }),
  });
  await expect(requirePortsThere(docker, at(true, "free"), { ports, model: null }, probe)).rejects.toMatchObject({
    exitCode: 1,
    problems: [
      {
        path: "apiPort",
        got: "127.0.0.1:8000, held by another program on the engine's machine",
        rule: "a free port",
        fix: "./fidus choose --api-port 18000",
      },
    ],
  });
  const labelled = "run --rm --label fidus.installation=a1b2c3 --publish";
  expect(asked).toEqual([3000, 8000].map((port) => `${labelled} 127.0.0.1:${port}:1 --entrypoint /bin/true fidus/base:1`));
  await requirePortsThere(docker, at(true, "ours"), { ports, model: null }, probe);
  await requirePortsThere(docker, at(false, "free"), { ports, model: null }, probe);
  expect(asked).toHaveLength(2);
});
