import { expect, test } from "vitest";
import * as chat from "./support/chat.ts";
import { browserSuite } from "./support/suite.ts";

const suite = browserSuite();

test.each([
  { name: "the network is gone", reply: null, says: "Fidus cannot be reached." },
  {
    name: "the model is away",
    reply: { status: 502, code: "runtime_unreachable" },
    says: "The language model cannot be reached.",
  },
  { name: "the message is too long", reply: { status: 413, code: "too_large" }, says: "This message is too long." },
  { name: "there were too many requests", reply: { status: 429, code: "too_many_requests" }, says: "Slow down." },
])("when $name the message returns to the box, and sending it again works", async ({ reply, says }) => {
  const { page } = await suite.signedIn();
  await page.route("**/api/v1/chat", (route) =>
    reply === null
      ? route.abort()
      : route.fulfill({ status: reply.status, json: { error: { code: reply.code, message: "Slow down." } } }),
  );
  await chat.openChat(page);
  await chat.ask(page, "Shall we meet\non Thursday?");
  await page.getByRole("alert").getByText(says).waitFor();
  expect(await chat.box(page).inputValue()).toBe("Shall we meet\non Thursday?");
  expect(await chat.questions(page).count()).toBe(0);
  await page.unroute("**/api/v1/chat");
  await chat.box(page).press("Enter");
  await chat.answers(page).waitFor();
  await chat.waitForAnswer(page);
  expect(await page.getByText(says).count()).toBe(0);
});

test.each([
  {
    name: "an error event",
    end: `event: error\ndata: {"code":"runtime_broken","message":"The model stopped."}\n\n`,
    says: "The model stopped.",
  },
  { name: "a connection that ends without a word", end: "", says: "The connection was lost before the answer was finished." },
])(
  "an answer cut by $name keeps its text, is never shown as finished, and its question can be asked again",
  async ({ end, says }) => {
    const { page } = await suite.signedIn();
    const start = `event: start\ndata: {"conversationId":"c1","messageId":"m1","questionId":"q1","title":"Cut"}\n\n`;
    const delta = `event: delta\ndata: {"text":"Half an ans"}\n\n: heartbeat\n\nevent: unknown\ndata: {}\n\n`;
    await page.route("**/api/v1/chat", (route) => route.fulfill({ contentType: "text/event-stream", body: start + delta + end }));
    await chat.openChat(page);
    await chat.ask(page, "What is half?");
    await chat.answers(page).getByText(says).waitFor();
    await chat.answers(page).getByText("Half an ans").waitFor();
    const asked = page.waitForRequest("**/api/v1/chat");
    await chat.answers(page).getByRole("button", { name: "Ask again" }).click();
    expect((await asked).postDataJSON()).toEqual({ conversationId: "c1", content: "What is half?", replaces: "q1" });
  },
);

test("an unsent message survives a reload", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.box(page).fill("Half a thought");
  await page.reload();
  await chat.box(page).waitFor();
  expect(await chat.box(page).inputValue()).toBe("Half a thought");
});

test("without the server the page says so, and goes on by itself when it is asked to", async () => {
  const { page } = await suite.signedIn();
  await page.route("**/api/v1/auth/me", (route) => route.abort());
  await page.goto("/");
  await page.getByRole("heading", { name: "Fidus cannot be reached" }).waitFor();
  await page.unroute("**/api/v1/auth/me");
  await page.getByRole("button", { name: "Try again" }).click();
  await chat.box(page).waitFor();
});

test("a list that cannot be read is not shown as an empty one", async () => {
  const { page } = await suite.signedIn();
  await page.route("**/api/v1/conversations", (route) => route.abort());
  await chat.openChat(page);
  await page.getByText("Your conversations could not be read.").waitFor();
  expect(await page.getByText("No conversations yet.").count()).toBe(0);
  await page.unroute("**/api/v1/conversations");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("Your conversations could not be read.").waitFor({ state: "detached" });
});
