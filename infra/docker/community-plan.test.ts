import { expect, test } from "vitest";
import { parseConfig } from "../config/parse.ts";
import { throwIfAny } from "../core/errors.ts";
import { neededImages } from "../images/needed.ts";
import { communityPlan } from "./community-plan.ts";

const images = Object.fromEntries(
  ["base", "app", "llm", "postgres", "redis", "proxy", "litellm"].map((name) => [name, `fidus/${name}:1`]),
);
const recorded = {
  edition: "community",
  installation: "a1b2c3",
  llmRuntime: "embedded",
  model: "smollm2:135m",
  images: JSON.stringify(images),
};

function plan(changes: Record<string, string> = {}): ReturnType<typeof communityPlan> {
  const secrets = new Set(["llmApiKey", "tlsCertificate", "tlsPrivateKey"]);
  const { values, problems } = parseConfig("community", { ...recorded, ...changes }, secrets);
  throwIfAny("community", problems);
  // Secrets are plain here: the plan only looks whether they are there.
  return communityPlan(values as unknown as Parameters<typeof communityPlan>[0]);
}

test("embedded brings its model and needs nothing outside [C-02]", () => {
  const { embeddedModel, app, hostPorts, urls } = plan();
  expect(embeddedModel?.id).toBe("smollm2:135m");
  expect(app?.llm).toEqual({ runtime: "embedded", baseUrl: "http://llm:8080/v1", outside: false });
  expect(app?.model).toEqual({ name: "smollm2:135m", demo: true, nextStep: "./fidus choose --model auto" });
  expect(hostPorts).toEqual({ postgres: null, redis: null });
  expect(urls.url).toBe("http://localhost:3000");
});

test("a native Ollama is reached through the host entry, without a model or container of ours [C-21]", () => {
  const { embeddedModel, app } = plan({ llmRuntime: "ollama-native", model: "llama3.1:8b" });
  expect(embeddedModel).toBeNull();
  expect(app?.llm).toEqual({ runtime: "ollama-native", baseUrl: "http://host.docker.internal:11434/v1", outside: true });
  // Absent, not empty: the application refuses to start with an empty one.
  expect(app?.model).toEqual({ name: "llama3.1:8b", demo: false, nextStep: null });
});

test("LM Studio is reached on port 1234 of the host [C-24] [C-25]", () => {
  expect(plan({ llmRuntime: "lmstudio", model: "any" }).app?.llm.baseUrl).toBe("http://host.docker.internal:1234/v1");
});

/** The table of docs/editions.md. */
const variants = [
  { variant: 1, keys: {}, app: "http://llm:8080/v1", own: true, host: null },
  { variant: 2, keys: { llmRuntime: "ollama-native" }, app: "http://host.docker.internal:11434/v1", own: false, host: null },
  { variant: 3, keys: { llmRuntime: "lmstudio" }, app: "http://host.docker.internal:1234/v1", own: false, host: null },
  {
    variant: 4,
    keys: { services: "dependencies", llmRuntime: "ollama-native" },
    app: null,
    own: false,
    host: "http://127.0.0.1:11434/v1",
  },
  {
    variant: 5,
    keys: { services: "dependencies", llmRuntime: "openai" },
    app: null,
    own: false,
    host: "https://api.openai.com/v1",
  },
];

test.each(variants)("variant $variant is made by services and llmRuntime alone [C-02]", ({ keys, app, own, host }) => {
  const made = plan(keys);
  expect(made.app?.llm.baseUrl ?? null).toBe(app);
  expect(made.embeddedModel !== null).toBe(own);
  expect(made.hostLlm?.baseUrl ?? null).toBe(host);
});

test("dependencies alone publish the stores on loopback and run no application [C-28]", () => {
  const { app, hostPorts, embeddedModel, urls } = plan({ services: "dependencies" });
  expect(urls).toEqual({ url: null, apiUrl: null, healthUrl: null, adminCommand: null });
  expect(app).toBeNull();
  expect(embeddedModel).toBeNull();
  expect(hostPorts).toEqual({ postgres: 5432, redis: 6379 });
  expect(neededImages({ services: "dependencies", llmRuntime: "embedded", llmBaseUrl: null })).toEqual([
    "base",
    "postgres",
    "redis",
  ]);
});

test("a runtime that Fidus does not start is refused with its reason, and accepted with an address", () => {
  expect(() => plan({ llmRuntime: "ollama" })).toThrow(
    /llmRuntime: got "ollama"; needs an address of its own .*pulumi config set llmBaseUrl/,
  );
  expect(plan({ llmRuntime: "ollama", llmBaseUrl: "http://ollama.lan:11434/v1" }).app?.llm.baseUrl).toBe(
    "http://ollama.lan:11434/v1",
  );
});

test("litellm is started in front of the embedded model, which keeps its name and its notice [L-03] [L-05]", () => {
  const { embeddedModel, gateway, app } = plan({ llmRuntime: "litellm" });
  expect(embeddedModel?.id).toBe("smollm2:135m");
  expect(gateway).toBe(true);
  expect(app?.llm).toEqual({ runtime: "litellm", baseUrl: "http://litellm:4000/v1", outside: false });
  expect(app?.model).toEqual({ name: "smollm2:135m", demo: true, nextStep: "./fidus choose --model auto" });
  expect(() => plan({ llmRuntime: "litellm", model: "gpt-9" })).toThrow(/model: got "gpt-9"/);
});

test("a LiteLLM with an address of its own is used as it is, with any model, and none is started", () => {
  const { embeddedModel, gateway, app } = plan({
    llmRuntime: "litellm",
    model: "gpt-9",
    llmBaseUrl: "http://gateway.lan:4000/v1",
  });
  expect(embeddedModel).toBeNull();
  expect(gateway).toBe(false);
  expect(app?.llm).toEqual({ runtime: "litellm", baseUrl: "http://gateway.lan:4000/v1", outside: true });
});

test("dependencies alone start no gateway, and litellm without its image is refused", () => {
  expect(plan({ llmRuntime: "litellm", services: "dependencies" }).gateway).toBe(false);
  const { litellm: _, ...without } = images;
  expect(() => plan({ llmRuntime: "litellm", images: JSON.stringify(without) })).toThrow(
    /images\.litellm: got nothing; needs an image reference recorded by Fidus\. \.\/fidus up community/,
  );
  expect(plan({ images: JSON.stringify(without) }).gateway).toBe(false);
});

test("openai without a key is refused and names the command, with one it is reached", () => {
  expect(() => plan({ llmRuntime: "openai", model: "any" })).toThrow(
    "llmApiKey: got nothing; needs a key for llmRuntime openai. pulumi config set --secret llmApiKey",
  );
  expect(plan({ llmRuntime: "openai", model: "any", llmApiKey: "sk-1" }).app?.llm.baseUrl).toBe("https://api.openai.com/v1");
});

test("embedded with an address that was left over is refused and says how to go on", () => {
  expect(() => plan({ llmBaseUrl: "http://host.docker.internal:1234/v1" })).toThrow(
    'llmBaseUrl: got "http://host.docker.internal:1234/v1"; needs a runtime that answers there: embedded runs in the stack. pulumi config rm llmBaseUrl',
  );
});

test("an unknown model and equal ports give two lines, a missing image one", () => {
  const broken = { model: "gpt-9", apiPort: "3000" };
  expect(() => plan(broken)).toThrow(/community: 2 problems[^]*model: got "gpt-9"/);
  expect(() => plan(broken)).toThrow("apiPort: got 3000; needs a port of its own. ./fidus choose --api-port 3001");
  const { app: _, ...without } = images;
  expect(() => plan({ images: JSON.stringify(without) })).toThrow(
    /images\.app: got nothing; needs an image reference recorded by Fidus\. \.\/fidus up community/,
  );
});

test("a domain without a certificate is refused, with both it is served on its own ports [C-14]", () => {
  expect(() => plan({ domain: "fidus.example" })).toThrow(
    /domain: got "fidus.example"; needs tlsCertificate and tlsPrivateKey beside it, or certificate acme/,
  );
  const { ports, urls } = plan({ domain: "fidus.example", tlsCertificate: "chain", tlsPrivateKey: "key", httpsPort: "8443" });
  expect(ports).toMatchObject({
    kind: "domain",
    http: 80,
    https: 8443,
    certificate: { kind: "files", chain: "chain", key: "key" },
  });
  expect(urls.url).toBe("https://fidus.example:8443");
});

test("certificate acme needs a domain and its image, and asks Let's Encrypt unless told otherwise [C-17] [X-05]", () => {
  expect(() => plan({ certificate: "acme" })).toThrow(/certificate: got "acme"; needs a domain that the certificate is for/);
  const acme = { domain: "fidus.example", certificate: "acme" };
  expect(() => plan(acme)).toThrow(/images\.acme: got nothing/);
  const { ports } = plan({ ...acme, images: JSON.stringify({ ...images, acme: "fidus/acme:1" }) });
  expect(ports).toMatchObject({
    certificate: { kind: "acme", directory: "https://acme-v02.api.letsencrypt.org/directory", email: null, ca: null },
  });
});

test("ACME settings that cannot work are all named at once", () => {
  const broken = { acmeDirectory: "http://acme.lan/dir", acmeCa: "/etc/ca.pem" };
  const withImage = { images: JSON.stringify({ ...images, acme: "fidus/acme:1" }) };
  const problems = /community: 2 problems[^]*acmeDirectory: got[^]*acmeCa: got/;
  expect(() => plan({ domain: "fidus.example", certificate: "acme", ...withImage, ...broken })).toThrow(problems);
});
