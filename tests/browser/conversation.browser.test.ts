import { expect, test } from "vitest";
import * as chat from "./support/chat.ts";
import { expectNoTrouble } from "./support/expect.ts";
import { browserSuite } from "./support/suite.ts";

const suite = browserSuite();

test("says a growing answer once, when it is done", async () => {
  const { page, trouble } = await suite.signedIn();
  await chat.openChat(page);
  await chat.askAndWait(page, "Tell me in three sentences what a backup is.");
  const says = await page.evaluate(() => [...fidusTest.says]);
  expect(says.filter((text) => text.startsWith("Fidus answered:"))).toHaveLength(1);
  expect(says.length).toBeLessThanOrEqual(3);
  await expectNoTrouble(page, trouble);
});

test("after a stop the next question is answered", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.ask(page, chat.story);
  await chat.waitForText(page);
  await page.keyboard.press("Escape");
  await chat.waitForAnswer(page);
  await chat.askAndWait(page, "Shall we meet?");
  expect(await chat.answers(page).count()).toBe(2);
  expect((await chat.stored(suite.target().api, page)).messages.map((message) => message.status)).toEqual([
    "complete",
    "cancelled",
    "complete",
    "complete",
  ]);
});

test("a reload in the middle of an answer loses nothing: it goes on, and can still be stopped", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.ask(page, chat.story);
  await chat.waitForText(page, 20);
  await page.reload();
  await chat.questions(page).waitFor();
  const before = (await chat.stored(suite.target().api, page)).messages[1]?.content.length ?? 0;
  await chat.waitForText(page, before + 200);
  await page.keyboard.press("Escape");
  await chat.waitForAnswer(page);
  const { messages } = await chat.stored(suite.target().api, page);
  expect(messages.map(({ role, status }) => `${role} ${status}`)).toEqual(["user complete", "assistant cancelled"]);
  expect(messages[1]?.content.startsWith("Line 1 of a long story.\n\nLine 2 of")).toBe(true);
});

test("an answer whose connection is lost goes on by itself, without a gap", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.askAndWait(page, "Lose the connection, please.");
  const said = "Certainly. Shall we move it to Thursday at ten? I will bring the figures for the second quarter.";
  await chat.answers(page).getByText(said).waitFor();
  expect((await chat.stored(suite.target().api, page)).messages[1]?.status).toBe("complete");
});

test("an answer goes on while another conversation is open", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.ask(page, chat.story);
  await chat.waitForText(page);
  const first = chat.openConversation(page);
  await page.getByRole("link", { name: "New chat" }).click();
  await page.getByRole("heading", { name: /What can I do/ }).waitFor();
  expect(await chat.stopButton(page).count()).toBe(0);
  await page.goBack();
  await chat.stopButton(page).waitFor();
  expect(chat.openConversation(page)).toBe(first);
  await chat.stopButton(page).click();
  await chat.waitForAnswer(page);
});

test("deletes a conversation only after a yes", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.askAndWait(page, "Delete me, please.");
  const id = chat.openConversation(page);
  const ask = page
    .getByRole("listitem")
    .filter({ hasText: "Delete me" })
    .getByRole("button", { name: /^Delete/ });
  await ask.click();
  await page.getByRole("button", { name: "Keep" }).click();
  expect((await suite.target().api.get(`/api/v1/conversations/${id}`)).status()).toBe(200);
  await ask.click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("heading", { name: /What can I do/ }).waitFor();
  expect((await suite.target().api.get(`/api/v1/conversations/${id}`)).status()).toBe(404);
  await page.goto(`/#/c/${id}`);
  await page.getByRole("heading", { name: "There is no such conversation" }).waitFor();
});

test("follows a growing answer at its end, and leaves a reader alone who scrolled up", async () => {
  const { page } = await suite.signedIn({ screen: "small" });
  await chat.openChat(page);
  await chat.ask(page, chat.story);
  await page.waitForFunction(() => fidusTest.scroll().height > fidusTest.scroll().view + 200, undefined, {
    timeout: chat.ANSWER_MS,
  });
  const atEnd = await page.evaluate(() => fidusTest.scroll());
  expect(atEnd.height - atEnd.top - atEnd.view).toBeLessThan(60);
  await page.getByRole("region", { name: "Messages" }).hover();
  await page.mouse.wheel(0, -400);
  await page.getByRole("button", { name: "To the newest message" }).waitFor();
  const height = (await page.evaluate(() => fidusTest.scroll())).height;
  const { top } = await page.evaluate(() => fidusTest.scrolled());
  await page.waitForFunction((least) => fidusTest.scroll().height > least, height, { timeout: chat.ANSWER_MS });
  expect((await page.evaluate(() => fidusTest.scroll())).top).toBe(top);
  await page.getByRole("button", { name: "To the newest message" }).click();
  const back = await page.evaluate(() => fidusTest.scroll());
  expect(back.height - back.top - back.view).toBeLessThan(60);
  await chat.stopButton(page).click();
  await chat.waitForAnswer(page);
});
