import { afterAll, beforeAll, expect, test } from "vitest";
import { addUser, signIn, until } from "../testing/api.ts";
import { allEvents, readEvents, textOf, type ReadEvent } from "../testing/events.ts";
import { startGateway, type TestGateway } from "../testing/gateway.ts";
import { streamForEver, streamText } from "../testing/upstream.ts";

let gateway: TestGateway;
let ann: Record<string, string>;
let bob: Record<string, string>;

beforeAll(async () => {
  gateway = await startGateway();
  for (const email of ["ann@test", "bob@test"]) await addUser(gateway.api.ctx, email);
  ann = await signIn(gateway.api, "ann@test");
  bob = await signIn(gateway.api, "bob@test");
}, 60_000);

afterAll(() => gateway?.close());

interface Stored {
  readonly id: string;
  readonly content: string;
}

const post = (body: unknown, headers = ann): Promise<Response> =>
  fetch(`${gateway.api.url}/api/v1/chat`, { method: "POST", headers, body: JSON.stringify(body) });

async function messagesOf(conversationId: string): Promise<Stored[]> {
  const response = await fetch(`${gateway.api.url}/api/v1/conversations/${conversationId}`, { headers: ann });
  return ((await response.json()) as { messages: Stored[] }).messages;
}

/** A conversation of these questions, each answered with `A:` and the question. */
async function conversation(...questions: string[]): Promise<{ id: string; messages: Stored[] }> {
  let id: string | undefined;
  for (const content of questions) {
    gateway.upstream.answer((res) => streamText(res, [`A:${content}`]));
    const [start] = await allEvents(await post({ content, ...(id === undefined ? {} : { conversationId: id }) }));
    id = String((start as ReadEvent).data.conversationId);
  }
  return { id: id ?? "", messages: await messagesOf(id ?? "") };
}

const asked = (): string[] =>
  (JSON.parse(gateway.upstream.requests.at(-1)?.body ?? "{}") as { messages: { content: string }[] }).messages
    .slice(1)
    .map(({ content }) => content);

test("a question asked again gets a new answer in the place of the old one", async () => {
  const { id, messages } = await conversation("one", "two");
  gateway.upstream.answer((res) => streamText(res, ["another"]));
  const events = await allEvents(await post({ conversationId: id, content: "two", replaces: messages[2]?.id }));
  expect(textOf(events)).toBe("another");
  expect(asked()).toEqual(["one", "A:one", "two"]);
  expect((await messagesOf(id)).map(({ content }) => content)).toEqual(["one", "A:one", "two", "another"]);
});

test("a question that was changed is answered from there: what followed the old one is gone", async () => {
  const { id, messages } = await conversation("one", "two", "three");
  gateway.upstream.answer((res) => streamText(res, ["new"]));
  await allEvents(await post({ conversationId: id, content: "first", replaces: messages[0]?.id }));
  expect(asked()).toEqual(["first"]);
  expect((await messagesOf(id)).map(({ content }) => content)).toEqual(["first", "new"]);
});

test("an answer, a question of another conversation or of another person cannot be replaced, and nothing is lost", async () => {
  const { id, messages } = await conversation("mine");
  const other = await conversation("other");
  const tries = [
    post({ conversationId: id, content: "x", replaces: messages[1]?.id }),
    post({ conversationId: id, content: "x", replaces: other.messages[0]?.id }),
    post({ conversationId: id, content: "x", replaces: messages[0]?.id }, bob),
  ];
  expect((await Promise.all(tries)).map(({ status }) => status)).toEqual([404, 404, 404]);
  expect((await post({ content: "x", replaces: messages[0]?.id })).status).toBe(400);
  expect((await messagesOf(id)).map(({ content }) => content)).toEqual(["mine", "A:mine"]);
});

test("while an answer is written no question is replaced", async () => {
  const { id, messages } = await conversation("one");
  gateway.upstream.answer(streamForEver);
  const events = readEvents(await post({ conversationId: id, content: "two" }));
  const start = (await events.next()).value as ReadEvent;
  expect((await post({ conversationId: id, content: "x", replaces: messages[0]?.id })).status).toBe(409);
  await fetch(`${gateway.api.url}/api/v1/chat/${String(start.data.messageId)}/cancel`, { method: "POST", headers: ann });
  for await (const event of events) void event;
  await until(async () => (await messagesOf(id)).length === 4);
});
