import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { allEvents } from "./events.ts";

/** The answers of OpenAI's API that we give too, by their names in its published document. */
export type OpenAiAnswer =
  | "ListModelsResponse"
  | "Model"
  | "CreateChatCompletionResponse"
  | "CreateChatCompletionStreamResponse"
  | "CreateCompletionResponse"
  | "CreateEmbeddingResponse"
  | "Response"
  | "ResponseStreamEvent"
  | "ErrorResponse";

const record = new URL("../../../tests/recordings/openai-schemas.json", import.meta.url);
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema(JSON.parse(readFileSync(record, "utf8")) as object, "openai");

/** What of a value breaks OpenAI's own schema of this answer: path and rule, [] when nothing does. */
export function openAiProblems(answer: OpenAiAnswer, value: unknown): string[] {
  const validate = ajv.getSchema(`openai#/components/schemas/${answer}`);
  if (validate === undefined) throw new Error(`${answer} is not in ${record.pathname}`);
  if (validate(value) === true) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? "is wrong"}`);
}

/** What the events of a stream carry, without heartbeats and the end marker. */
export async function openAiEvents(response: Response): Promise<unknown[]> {
  const whole = new Response((await response.text()).replace("data: [DONE]\n\n", ""));
  return (await allEvents(whole)).filter(({ event }) => event !== "comment").map(({ data }) => data);
}
