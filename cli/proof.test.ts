import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { prove } from "./proof.ts";

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
});

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const piece = (delta: object): string => event({ choices: [{ delta }] });
const usage = (completion_tokens: number): string => event({ choices: [], usage: { completion_tokens } });
const words = ["Hello", " there", ",", " nice", " to", " meet", " you", "!"];
const end = "data: [DONE]\n\n";

/** Administration that keeps account of its keys. */
function keyring(revokeFails = false) {
  const calls: string[] = [];
  return {
    calls,
    temporaryKey: async (email: string | null, seconds: number) => {
      calls.push(`made for ${email ?? "the first administrator"}, ${seconds} s`);
      return { id: "k1", apiKey: "fidus_key" };
    },
    revoke: async (id: string) => {
      calls.push(`revoked ${id}`);
      if (revokeFails) throw new Error("the engine is gone");
    },
  };
}
const madeAndRevoked = ["made for the first administrator, 300 s", "revoked k1"];

/** Proves against a server that answers like this. */
async function against(answer: (res: ServerResponse) => Promise<void> | void, admin = keyring()) {
  const listening = createServer((req, res) => {
    if (req.headers.authorization === "Bearer fidus_key") void answer(res.setHeader("content-type", "text/event-stream"));
    else res.writeHead(401).end("who are you?");
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  const reach = { url, address: null, trusted: [] };
  return prove(admin, { reach, model: "any", signal: new AbortController().signal, timeoutMs: 10_000 });
}

/** Each part in a packet and a millisecond of its own. */
function slowly(...parts: string[]) {
  return async (res: ServerResponse): Promise<void> => {
    for (const part of parts) {
      res.write(part);
      await pause(15);
    }
    res.end();
  };
}

test("text in pieces over time with usage is a proof, and its key is revoked", async () => {
  const admin = keyring();
  const start = piece({ role: "assistant", content: "" });
  const stream = slowly(start, ...words.map((content) => piece({ content })), piece({}), usage(8), end);
  expect(await against(stream, admin)).toMatchObject({ answer: words.join(""), events: 8, completionTokens: 8 });
  expect(admin.calls).toEqual(madeAndRevoked);
});

test("an answer too short to show a stream is asked for again, and a longer one is the proof", async () => {
  const short = slowly(piece({ content: "One" }), piece({ content: "." }), usage(2), end);
  const long = slowly(...words.map((content) => piece({ content })), usage(8), end);
  const answers = [short, short, long];
  expect(await against((res) => answers.shift()?.(res))).toMatchObject({ events: 8 });
  expect(answers).toEqual([]);
});

test("the fourth question is not asked", async () => {
  let asked = 0;
  const failure = against((res) => (asked++, slowly(thin, usage(1), end)(res)));
  await expect(failure).rejects.toThrow("it did not stream: 1 pieces of text at 1 moments");
  expect(asked).toBe(3);
});

test.each(["reasoning", "reasoning_content"])("a model that is still thinking counts: %s", async (name) => {
  const stream = slowly(...words.map((text) => piece({ [name]: text, content: "" })), usage(8), end);
  expect(await against(stream)).toMatchObject({ events: 8 });
});

const all = words.map((content) => piece({ content })).join("");
const thin = piece({ content: "Hello" });
const empty = Array.from({ length: 8 }, () => piece({ content: "" }));
test.each([
  ["everything at one moment", slowly(all + usage(8) + end), "8 pieces of text at 1 moments, 8 tokens counted"],
  ["one piece among many events", slowly(thin, ...empty, usage(8), end), "1 pieces of text at 1 moments"],
  ["events without any text", slowly(...empty, usage(8), end), "0 pieces of text at 0 moments"],
  ["a stream without usage", slowly(...words.map((content) => piece({ content })), end), "0 tokens counted"],
  ["a usage of nothing", slowly(...words.map((content) => piece({ content })), usage(0), end), "0 tokens counted"],
  ["an error inside the stream", slowly(thin, event({ error: { code: "broken" } })), 'reported an error: {"code":"broken"}'],
  ["a refusal", (res: ServerResponse) => void res.writeHead(503).end("no runtime"), "it answered 503: no runtime"],
  ["a connection that breaks", async (res: ServerResponse) => void (res.write(thin), await pause(15), res.destroy()), "aborted"],
])("%s is none: exit 1, and the key is revoked", async (_name, answer, said) => {
  const admin = keyring();
  const failure = await against(answer, admin).catch((error: unknown) => error);
  expect(failure).toMatchObject({ exitCode: 1, code: "proof-failed", fix: "./fidus logs community api" });
  expect(String(failure)).toContain(said);
  expect(admin.calls).toEqual(madeAndRevoked);
});

test("a key that cannot be revoked fails the proof, but does not hide an earlier reason", async () => {
  const stream = slowly(...words.map((content) => piece({ content })), usage(8), end);
  await expect(against(stream, keyring(true))).rejects.toThrow("the engine is gone");
  await expect(against(slowly(thin, end), keyring(true))).rejects.toThrow("it did not stream");
});
