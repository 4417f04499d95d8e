import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Writes tests/recordings/openai-schemas.json from OpenAI's published document (github.com/openai/openai-openapi, MIT):
 * `node tests/tools/write-openai-schemas.ts openapi.json COMMIT`. Only the answers of the endpoints that we serve, with what
 * they refer to, and of these only what a validator reads.
 */
const answers = [
  "ListModelsResponse",
  "Model",
  "CreateChatCompletionResponse",
  "CreateChatCompletionStreamResponse",
  "CreateCompletionResponse",
  "CreateEmbeddingResponse",
  "Response",
  "ResponseStreamEvent",
  "ErrorResponse",
] as const;

type Json = Readonly<Record<string, unknown>>;

const words = new Set(["description", "title", "summary", "example", "examples", "default", "deprecated", "discriminator"]);

/** Without what is for readers, and in the words of JSON Schema 2020-12, which knows neither `nullable` nor `$recursiveRef`. */
function rules(value: unknown, names = false): unknown {
  if (Array.isArray(value)) return value.map((each) => rules(each));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => names || !(words.has(key) || /^x-|^nullable$|^\$recursive/.test(key)));
  const schema = Object.fromEntries(kept.map(([key, each]) => [key, rules(each, key === "properties" && !names)]));
  return !names && (value as { nullable?: unknown }).nullable === true ? { anyOf: [schema, { type: "null" }] } : schema;
}

const [, , source = "", commit = ""] = process.argv;
const document = JSON.parse(await readFile(source, "utf8")) as { info: Json; components: { schemas: Record<string, Json> } };
const schemas: Record<string, unknown> = {};
const open: string[] = [...answers];
for (let name = open.pop(); name !== undefined; name = open.pop()) {
  if (Object.hasOwn(schemas, name)) continue;
  const found = document.components.schemas[name];
  if (found === undefined) throw new Error(`${source} has no schema ${name}`);
  schemas[name] = rules(found);
  for (const [, next = ""] of JSON.stringify(schemas[name]).matchAll(/#\/components\/schemas\/([^"]+)"/g)) open.push(next);
}
const lines = Object.entries(schemas)
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map((entry) => entry.map((part) => JSON.stringify(part)).join(": "));
const head = { source: "https://github.com/openai/openai-openapi", commit, version: document.info["version"], license: "MIT" };
const begin = JSON.stringify(head).replace(/\}$/, "");
const target = join(import.meta.dirname, "../recordings/openai-schemas.json");
await writeFile(target, `${begin}, "components": {"schemas": {\n${lines.join(",\n")}\n}}}\n`);
