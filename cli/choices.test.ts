import { expect, test } from "vitest";
import { checkFlags, type ChoiceFlags } from "./choice-flags.ts";
import { recordAsked, recordMissing } from "./choices.ts";
import type { StackConfigFile } from "./stack-config.ts";

/** A config that lives in memory only. */
function memoryConfig(values: Record<string, string>): StackConfigFile {
  return {
    file: "memory",
    entries: () => ({ ...values }),
    set(changes) {
      for (const [key, value] of Object.entries(changes)) {
        if (value === null) delete values[key];
        else values[key] = value;
      }
    },
    secrets: () => new Set(),
    salt: () => "",
    setSalt: () => undefined,
    save: () => Promise.resolve(),
  };
}

const machine = {
  dockerHost: "unix:///d.sock",
  dockerMajor: 20,
  memory: 1e9,
  memoryIs: "of memory are free",
  portTaken: () => Promise.resolve(false),
};

async function recorded(before: Record<string, string>, flags: ChoiceFlags): Promise<Readonly<Record<string, string>>> {
  const config = memoryConfig(before);
  recordAsked(config, "a1b2c3", flags);
  await recordMissing(config, machine);
  return config.entries();
}

const ollama = { llmRuntime: "ollama-native", model: "my-own:7b" };

test("litellm keeps a model of the table, and takes one from it where the old name is none of ours", async () => {
  expect(await recorded({ llmRuntime: "embedded", model: "smollm2:1.7b" }, { runtime: "litellm" })).toMatchObject({
    llmRuntime: "litellm",
    model: "smollm2:1.7b",
  });
  expect(await recorded(ollama, { runtime: "litellm" })).toMatchObject({ llmRuntime: "litellm", model: "smollm2:135m" });
});

test("litellm refuses a model that the runtime behind it cannot have; a gateway with an address takes any name", async () => {
  await expect(recorded({}, { runtime: "litellm", model: "gpt-9" })).rejects.toMatchObject({
    problems: [{ path: "model", got: "gpt-9" }],
  });
  const own = { ...ollama, llmBaseUrl: "http://gateway.lan:4000/v1" };
  expect(await recorded(own, { runtime: "litellm", model: "gpt-9" })).toMatchObject({ llmRuntime: "litellm", model: "gpt-9" });
});

test("flags that cannot be meant are refused all at once, each with the command that works", () => {
  const flags = { runtime: "llamafile", port: "0", apiPort: "8000x", model: " ", registry: "https://registry.lan" };
  expect(() => checkFlags(flags, [{ path: "--email", got: "ada", rule: "an e-mail address", fix: "fix" }])).toThrow(
    expect.objectContaining({
      exitCode: 2,
      problems: [
        {
          path: "--runtime",
          got: "llamafile",
          rule: "one of auto, embedded, ollama, ollama-native, lmstudio, vllm, openai, litellm",
          fix: "./fidus choose --runtime auto",
        },
        { path: "--model", got: " ", rule: "a text that is not empty", fix: "./fidus choose --model auto" },
        { path: "--port", got: "0", rule: "a whole number from 1 to 65535", fix: "./fidus choose --port 3000" },
        { path: "--api-port", got: "8000x", rule: "a whole number from 1 to 65535", fix: "./fidus choose --api-port 8000" },
        {
          path: "--registry",
          got: "https://registry.lan",
          rule: "a host, perhaps with port and path, in lower case, without https://",
          fix: "--registry registry.example.com/team",
        },
        { path: "--email", got: "ada", rule: "an e-mail address", fix: "fix" },
      ],
    }),
  );
  expect(
    checkFlags({ runtime: "auto", services: "dependencies", port: "1", apiPort: "65535", model: "auto", registry: false }),
  ).toBeUndefined();
});

test("before the first up only what is asked for is recorded, and the first up keeps it and chooses the rest", async () => {
  const values: Record<string, string> = {};
  const config = memoryConfig(values);
  expect(recordAsked(config, "a1b2c3", { runtime: "lmstudio", model: "mine" }).map(({ key }) => key)).toEqual([
    "llmRuntime",
    "model",
  ]);
  expect(values).toEqual({ installation: "a1b2c3", llmRuntime: "lmstudio", model: "mine" });
  expect(await recorded(values, {})).toMatchObject({ llmRuntime: "lmstudio", model: "mine", pagePort: "3000", apiPort: "8000" });
});

test("a second run without wishes chooses nothing", async () => {
  const first = await recorded({}, {});
  const config = memoryConfig({ ...first });
  expect(recordAsked(config, "a1b2c3", {})).toEqual([]);
  expect(await recordMissing(config, { ...machine, memory: 9e9, portTaken: () => Promise.resolve(true) })).toEqual([]);
});

test("model auto leaves the model open, and the next up picks it by the memory of the engine's machine", async () => {
  const config = memoryConfig(await recorded({}, { model: "llama3.1:8b" }));
  expect(recordAsked(config, "a1b2c3", { model: "auto" })).toEqual([
    { key: "model", value: "auto", because: "the next up picks it by the memory of the engine's machine" },
  ]);
  expect(config.entries()["model"]).toBeUndefined();
  const far = { ...machine, memory: 8e9, memoryIs: "of memory are in the engine's machine" };
  expect(await recordMissing(config, far)).toEqual([
    { key: "model", value: "llama3.2:3b", because: "8.0 GB of memory are in the engine's machine" },
  ]);
});

test("a port that somebody holds where the engine publishes is passed over, and page and API never get the same", async () => {
  const config = memoryConfig({ apiPort: "3001" });
  await recordMissing(config, { ...machine, portTaken: (_key, port) => Promise.resolve(port === 3000) });
  expect(config.entries()).toMatchObject({ pagePort: "3002", apiPort: "3001" });
});

test("after an upgrade of Docker its version is recorded anew and told, and nothing else is", async () => {
  const config = memoryConfig({ ...(await recorded({}, {})) });
  const before = config.entries();
  const upgraded = { ...machine, dockerHost: "unix:///e.sock", dockerMajor: 28, portTaken: () => Promise.resolve(true) };
  expect(await recordMissing(config, upgraded)).toEqual([{ key: "dockerMajor", value: "28", because: "the engine's version" }]);
  expect(config.entries()).toEqual({ ...before, dockerMajor: "28" });
});

test("a registry is recorded as the images' source, and leaving it builds them again", async () => {
  const from = await recorded({}, { registry: "registry.example.com/team" });
  expect(from).toMatchObject({ imageSource: "registry", imageRegistry: "registry.example.com/team" });
  const back = await recorded({ ...from }, { registry: false });
  expect(back).toMatchObject({ imageSource: "build" });
  expect(back).not.toHaveProperty("imageRegistry");
});

test("dependencies choose ports for the stores in place of the page's, free ones, and all chooses the page's again", async () => {
  const values: Record<string, string> = {};
  const config = memoryConfig(values);
  const host = { ...machine, portTaken: (key: string, port: number) => Promise.resolve(key === "postgresPort" && port === 5432) };
  recordAsked(config, "a1b2c3", { services: "dependencies" });
  await recordMissing(config, host);
  expect(values).toMatchObject({ services: "dependencies", postgresPort: "5433", redisPort: "6379" });
  expect(values).not.toHaveProperty("pagePort");
  recordAsked(config, "a1b2c3", { services: "all" });
  await recordMissing(config, host);
  expect(values).toMatchObject({ services: "all", pagePort: "3000", apiPort: "8000", postgresPort: "5433" });
});

test.each([
  ["some", "one of all, dependencies"],
  ["dependencies,qdrant", "no Qdrant: Debian has no package of it; vectors are kept in PostgreSQL with pgvector"],
])("services %s are refused with what is known, or the reason why they are not [C-02]", (services, rule) => {
  const problem = { path: "--services", got: services, rule, fix: "./fidus choose --services all" };
  expect(() => checkFlags({ services })).toThrow(expect.objectContaining({ exitCode: 2, problems: [problem] }));
});
