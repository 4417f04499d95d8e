import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StreamPass } from "../llm/stream-pass.ts";
import type { Endpoint } from "../llm/usage.ts";
import { AnswerEvents } from "./answer-events.ts";
import { restoreJson } from "./answer.ts";
import { Placeholders, TextRestorer } from "./placeholders.ts";
import { Wording } from "./wording.ts";

const mail = "jo.doe@example.org";
const key = '-----BEGIN PRIVATE KEY-----\nMII"\\x\n-----END PRIVATE KEY-----';

/** Knows [EMAIL-1] and [SECRET-1], a value that JSON has to escape. */
function known(): Placeholders {
  const wording = new Wording();
  expect(wording.redact(`${mail} ${key}`)).toBe("[EMAIL-1] [SECRET-1]");
  return new Placeholders(wording.words);
}

/** Every way to cut a text in two, and one by one. */
function cuts<T>(all: readonly T[]): (readonly T[])[][] {
  return [...all.map((_, at) => [all.slice(0, at), all.slice(at)]), all.map((one) => [one])];
}

describe("a text in pieces", () => {
  const text = "To [EMAIL-1], [EMAIL-2] [[EMAIL-1]] [EMAIL- and [x](y) of [EMAIL-1";
  const restored = `To ${mail}, [EMAIL-2] [${mail}] [EMAIL- and [x](y) of [EMAIL-1`;

  test("is restored wherever it is cut; unknown and half placeholders pass as they are [L-16]", () => {
    for (const pieces of cuts([...text])) {
      const restorer = new TextRestorer(known());
      const out = pieces.map((piece) => restorer.push(piece.join(""))).join("");
      expect(out + restorer.flush()).toBe(restored);
    }
  });

  test("is never held back by more than a placeholder's length, and not at all without one", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("[", "[EMAIL", "-1", "]", "[SECRET-1]", "ab", " ")), (pieces) => {
        const restorer = new TextRestorer(known());
        let given = "";
        let out = "";
        for (const piece of pieces) {
          given += piece;
          out += restorer.push(piece);
          const whole = known().restore(given);
          expect(whole.startsWith(out)).toBe(true);
          expect(whole.length - out.length).toBeLessThan("[SECRET-1]".length);
        }
        expect(out + restorer.flush()).toBe(known().restore(given));
      }),
    );
  });

  test("of which nothing was redacted is not held back, whatever it holds", () => {
    expect(new TextRestorer(new Placeholders()).push("[EMAIL-")).toBe("[EMAIL-");
  });
});

describe("placeholders", () => {
  test("are the same for the same value, and differ for two", () => {
    const wording = new Wording();
    expect(wording.redact(`${mail} a@example.org ${mail}`)).toBe("[EMAIL-1] [EMAIL-2] [EMAIL-1]");
    expect(wording.redact(mail)).toBe("[EMAIL-1]");
  });

  test("leave out the words that the caller used himself", () => {
    const wording = new Wording();
    wording.avoid("what does [EMAIL-1] mean?");
    const redacted = wording.redact(`[EMAIL-1] or ${mail}`);
    expect(redacted).toBe("[EMAIL-1] or [EMAIL-2]");
    expect(new Placeholders(wording.words).restore(redacted)).toBe(`[EMAIL-1] or ${mail}`);
  });
});

test("values go into the JSON of tool arguments and of structured answers escaped", () => {
  const answer = {
    choices: [
      { message: { content: '{"key":"[SECRET-1]"}', tool_calls: [{ function: { arguments: '{"k":"[SECRET-1]","m":1' } }] } },
    ],
  };
  const restored = JSON.parse(restoreJson(JSON.stringify(answer), known())) as typeof answer;
  const {
    content,
    tool_calls: [call],
  } = restored.choices[0]!.message;
  expect(JSON.parse(content)).toEqual({ key });
  expect(JSON.parse(`${call!.function.arguments}}`)).toEqual({ k: key, m: 1 });
});

/** Passes a stream in these pieces as the gateway does. */
function passed(pieces: readonly Buffer[], endpoint: Endpoint = "chat", json = false): string {
  const pass = new StreamPass({
    endpoint,
    hideUsage: false,
    restore: new AnswerEvents(known(), { responses: endpoint === "responses", json }),
  });
  const out = pieces.map((piece) => pass.push(piece)).concat([pass.end()]);
  return Buffer.concat(out).toString();
}

function dataOf(stream: string): Record<string, never>[] {
  const lines = stream.split("\n").filter((line) => line.startsWith("data: {"));
  return lines.map((line) => JSON.parse(line.slice(6)) as Record<string, never>);
}

interface Chunk {
  readonly choices: readonly {
    readonly index: number;
    readonly text?: string;
    readonly finish_reason: string | null;
    readonly delta?: {
      content?: string;
      reasoning_content?: string;
      tool_calls?: { index: number; function: { name?: string; arguments?: string } }[];
    };
  }[];
}

/** What a client makes of the chunks: the texts of each choice and tool, and the reasons they ended for. */
function gathered(stream: string) {
  const texts: Record<string, string> = {};
  const add = (name: string, text = ""): void => void (texts[name] = (texts[name] ?? "") + text);
  for (const { choices } of dataOf(stream) as unknown as Chunk[]) {
    for (const { index, text, delta, finish_reason: reason } of choices) {
      // What comes behind the end of a choice, a client does not read.
      if (texts[`end ${index}`] !== undefined) throw new Error("text behind the end");
      add(`text ${index}`, text ?? delta?.content);
      add(`thought ${index}`, delta?.reasoning_content);
      for (const tool of delta?.tool_calls ?? []) add(`tool ${index} ${tool.index}`, tool.function.arguments);
      if (reason !== null) texts[`end ${index}`] = reason;
    }
  }
  return texts;
}

const event = (index: number, delta: object, finish: string | null = null, more: object = {}): string =>
  `data: ${JSON.stringify({ id: "c", model: "m", ...more, choices: [{ index, delta, finish_reason: finish }] })}\n\n`;
const tool = (index: number, text: string): object => ({ tool_calls: [{ index, function: { arguments: text } }] });
const done = "data: [DONE]\n\n";

describe("a stream of chunks", () => {
  test("is restored wherever its bytes are cut: texts, thoughts, two choices, two tools [L-16] [X-17]", () => {
    const stream =
      event(0, { role: "assistant", content: "" }) +
      event(0, { reasoning_content: "of [EMA" }) +
      event(0, { reasoning_content: "IL-1]" }) +
      event(0, { content: "Grüße an [EMAIL" }) +
      event(1, { content: "zwei [EMAIL-1" }) +
      event(0, { content: "-1] und [EMAIL-" }) +
      event(0, tool(0, '{"to":"[SEC')) +
      event(0, tool(0, 'RET-1]"}')) +
      event(0, tool(1, '["[EMAIL-1]"]')) +
      event(0, {}, "tool_calls") +
      event(1, { content: "] [EM" }, "stop") +
      done;
    const bytes = Buffer.from(stream);
    for (let at = 0; at <= bytes.length; at++) {
      const out = passed([bytes.subarray(0, at), bytes.subarray(at)]);
      const { "tool 0 0": first, ...rest } = gathered(out);
      expect(rest).toMatchObject({
        "thought 0": `of ${mail}`,
        "text 0": `Grüße an ${mail} und [EMAIL-`,
        "text 1": `zwei ${mail} [EM`,
        "tool 0 1": `["${mail}"]`,
        "end 0": "tool_calls",
        "end 1": "stop",
      });
      expect(JSON.parse(first!)).toEqual({ to: key });
      expect(out.endsWith(done)).toBe(true);
    }
  });

  test("is restored wherever its texts are cut, in JSON answers with escapes", () => {
    const answer = '{"a":"[SECRET-1]","b":"[EMAIL-1]"}';
    for (const pieces of cuts([...answer])) {
      const stream = pieces.map((piece) => event(0, { content: piece.join("") })).join("") + event(0, {}, "stop") + done;
      const text = gathered(passed([Buffer.from(stream)], "chat", true))["text 0"];
      expect(JSON.parse(text!)).toEqual({ a: key, b: mail });
    }
  });

  test("of completions is restored wherever its texts are cut", () => {
    const part = (text: string, finish: string | null = null) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, text, finish_reason: finish }] })}\n\n`;
    for (const pieces of cuts([..."An [EMAIL-1] [EMAI"])) {
      const stream = pieces.map((piece) => part(piece.join(""))).join("") + part("", "stop") + done;
      expect(gathered(passed([Buffer.from(stream)], "completions"))["text 0"]).toBe(`An ${mail} [EMAI`);
    }
  });

  test("that ends too early gives what was held back, also before an error, whose text is restored too", () => {
    expect(gathered(passed([Buffer.from(event(0, { content: "a [EMAIL" }))]))["text 0"]).toBe("a [EMAIL");
    const out = passed([Buffer.from(event(0, { content: "a [EMAIL" }) + 'data: {"error":{"message":"no [EMAIL-1]"}}\n\n')]);
    expect(dataOf(out).at(-2)).toMatchObject({ choices: [{ delta: { content: "[EMAIL" } }] });
    expect(dataOf(out).at(-1)).toEqual({ error: { message: `no ${mail}` } });
  });

  test("without placeholders goes out at once, event by event and as it came", () => {
    const pass = new StreamPass({
      endpoint: "chat",
      hideUsage: false,
      restore: new AnswerEvents(known(), { responses: false, json: false }),
    });
    const plain =
      'data: {"choices": [{"index":0, "delta":{"content":"plain [1] text"}, "finish_reason":null}], "n": 12345678901234567890}\n\n';
    expect(pass.push(Buffer.from(plain)).toString()).toBe(plain);
  });
});

describe("a stream of /v1/responses", () => {
  const named = (type: string, number: number, more: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number, ...more })}\n\n`;
  const place = { item_id: "i", output_index: 0, content_index: 0 };

  test("is restored wherever its texts are cut, in deltas, ends and tools; events stay numbered in order [L-16]", () => {
    const text = "An [EMAIL-1] [EMAI";
    for (const pieces of cuts([...text])) {
      let number = 0;
      const call = { item_id: "f", output_index: 1 };
      const args = '{"k":"[SECRET-1]"}';
      const stream = [
        ...pieces.map((piece) => named("response.output_text.delta", number++, { ...place, delta: piece.join("") })),
        named("response.output_text.done", number++, { ...place, text }),
        ...[args.slice(0, 9), args.slice(9)].map((delta) =>
          named("response.function_call_arguments.delta", number++, { ...call, delta }),
        ),
        named("response.function_call_arguments.done", number++, { ...call, arguments: args }),
        named("response.completed", number++, {
          response: { output: [{ content: [{ type: "output_text", text }] }], usage: { input_tokens: 1, output_tokens: 1 } },
        }),
      ].join("");
      const events = dataOf(passed([Buffer.from(stream)], "responses")) as unknown as Record<string, string>[];
      const joined = (type: string) =>
        events
          .filter((one) => one["type"] === type)
          .map((one) => one["delta"])
          .join("");
      const whole = `An ${mail} [EMAI`;
      expect(joined("response.output_text.delta")).toBe(whole);
      expect(events.find((one) => one["type"] === "response.output_text.done")).toMatchObject({ text: whole });
      expect(JSON.parse(joined("response.function_call_arguments.delta"))).toEqual({ k: key });
      expect(JSON.parse(events.find((one) => one["arguments"] !== undefined)!["arguments"]!)).toEqual({ k: key });
      expect(events.at(-1)).toMatchObject({ response: { output: [{ content: [{ text: whole }] }] } });
      expect(events.map((one) => one["sequence_number"])).toEqual(events.map((_, index) => index));
    }
  });
});
