import { expect, test } from "vitest";
import { recordAsked, recordChoices, type ChoiceOptions } from "./choices.ts";
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

async function recorded(before: Record<string, string>, options: ChoiceOptions): Promise<Readonly<Record<string, string>>> {
  const config = memoryConfig(before);
  const host = { dockerHost: "unix:///d.sock", dockerMajor: 20, freeMemory: 1e9, portTaken: () => Promise.resolve(false) };
  await recordChoices(config, "a1b2c3", options, host);
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

test("a runtime that is not known is refused with those that are", async () => {
  await expect(recorded({}, { runtime: "llamafile" })).rejects.toMatchObject({
    problems: [{ path: "--runtime", got: "llamafile", rule: expect.stringContaining("auto, embedded") as string }],
  });
});

test("before the first up only what is asked for is recorded, and the first up keeps it and chooses the rest", async () => {
  const values: Record<string, string> = {};
  const config = memoryConfig(values);
  expect(recordAsked(config, "a1b2c3", { runtime: "lmstudio", model: "mine" }, 1e9).map(({ key }) => key)).toEqual([
    "llmRuntime",
    "model",
  ]);
  expect(values).toEqual({ installation: "a1b2c3", llmRuntime: "lmstudio", model: "mine" });
  expect(await recorded(values, {})).toMatchObject({ llmRuntime: "lmstudio", model: "mine", pagePort: "3000", apiPort: "8000" });
});

test("a second run without wishes chooses nothing", async () => {
  const first = await recorded({}, {});
  const host = { dockerHost: "unix:///d.sock", dockerMajor: 20, freeMemory: 9e9, portTaken: () => Promise.resolve(true) };
  expect(await recordChoices(memoryConfig({ ...first }), "a1b2c3", {}, host)).toEqual([]);
});

test("after an upgrade of Docker its version is recorded anew and told, and nothing else is", async () => {
  const config = memoryConfig({ ...(await recorded({}, {})) });
  const before = config.entries();
  const host = { dockerHost: "unix:///e.sock", dockerMajor: 28, freeMemory: 9e9, portTaken: () => Promise.resolve(true) };
  expect(await recordChoices(config, "a1b2c3", {}, host)).toEqual([
    { key: "dockerMajor", value: "28", because: "the engine's version" },
  ]);
  expect(config.entries()).toEqual({ ...before, dockerMajor: "28" });
});

test("a registry is recorded as the images' source, and leaving it builds them again", async () => {
  const from = await recorded({}, { registry: "registry.example.com/team" });
  expect(from).toMatchObject({ imageSource: "registry", imageRegistry: "registry.example.com/team" });
  const back = await recorded({ ...from }, { registry: null });
  expect(back).toMatchObject({ imageSource: "build" });
  expect(back).not.toHaveProperty("imageRegistry");
});
