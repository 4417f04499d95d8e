import { expect, test } from "vitest";
import * as chat from "./support/chat.ts";
import { eventually, expectNoTrouble } from "./support/expect.ts";
import { expectFocus } from "./support/keyboard.ts";
import { browserSuite } from "./support/suite.ts";

const suite = browserSuite();

const said = async (page: Parameters<typeof chat.stored>[1]): Promise<string[]> =>
  (await chat.stored(suite.target().api, page)).messages.map(({ role, content }) =>
    role === "user" ? content : `A${content === "" ? 0 : 1}`,
  );

test("asking again replaces the last answer, on the page and in the database", async () => {
  const { page, trouble } = await suite.signedIn();
  await chat.openChat(page);
  await chat.askAndWait(page, "Shall we meet?");
  await chat.askAndWait(page, "And on Friday?");
  await page.getByRole("button", { name: "Ask again" }).click();
  await chat.stopButton(page).waitFor();
  await chat.waitForAnswer(page);
  expect(await chat.answers(page).count()).toBe(2);
  expect(await said(page)).toEqual(["Shall we meet?", "A1", "And on Friday?", "A1"]);
  await expectNoTrouble(page, trouble);
});

test("a changed question is asked in the place of the old one, and what followed is gone; all by keyboard", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.askAndWait(page, "Shall we meet?");
  await chat.askAndWait(page, "And on Friday?");
  await page.getByRole("button", { name: "Change this question" }).first().focus();
  await page.keyboard.press("Enter");
  await expectFocus(page, "Your question");
  await page.keyboard.press("Escape");
  await expectFocus(page, "Change this question");
  expect(await chat.questions(page).count()).toBe(2);
  await page.keyboard.press("Enter");
  await expectFocus(page, "Your question");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Shall we call?");
  await page.keyboard.press("Enter");
  await chat.stopButton(page).waitFor();
  await chat.waitForAnswer(page);
  await expectFocus(page, "message");
  expect(await chat.questions(page).count()).toBe(1);
  expect(await said(page)).toEqual(["Shall we call?", "A1"]);
});

test("a change that does not arrive leaves the conversation as it was and the words in the box", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.askAndWait(page, "Shall we meet?");
  await page.route("**/api/v1/chat", (route) => route.abort());
  await page.getByRole("button", { name: "Change this question" }).click();
  await page.getByLabel("Your question").fill("Shall we call?");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByRole("alert").getByText("Fidus cannot be reached.").waitFor();
  expect(await page.getByLabel("Your question").inputValue()).toBe("Shall we call?");
  expect(await chat.answers(page).count()).toBe(1);
  expect(await said(page)).toEqual(["Shall we meet?", "A1"]);
});

test("a conversation is renamed in the list, in the head and in the database", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.askAndWait(page, "Name me, please.");
  await page.getByRole("button", { name: "Rename “Name me, please.”" }).click();
  await page.getByRole("textbox", { name: "Title" }).fill("Plans for June");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Plans for June" }).waitFor();
  await page.getByRole("link", { name: "Plans for June" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Plans for June" }).waitFor();
});

test("the search finds what was said, not only titles, and says how much it found", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.askAndWait(page, "A walk with Zebedee");
  const links = page.getByRole("navigation", { name: "Conversations" }).getByRole("link");
  await page.getByRole("searchbox", { name: "Search conversations" }).fill("second quarter");
  await page.waitForFunction(() => fidusTest.says.some((text) => /conversations? found/.test(text)));
  await links.filter({ hasText: "Zebedee" }).waitFor();
  await page.getByRole("searchbox").fill("zebedee");
  await eventually(() => links.count()).toBe(1);
  await page.getByRole("searchbox").fill("no such words anywhere");
  await page.getByText("Nothing found.").waitFor();
});

test("where the server cannot search, titles are searched and that is said", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.askAndWait(page, "Only by its title");
  await page.route("**/api/v1/conversations?q=*", (route) => route.fulfill({ status: 400, json: { error: { code: "x" } } }));
  await page.getByRole("searchbox").fill("by its title");
  await page.getByText("Only titles were searched").waitFor();
  await page.getByRole("link", { name: "Only by its title" }).waitFor();
});

test("a model is chosen per conversation and remembered", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  const model = page.getByRole("combobox", { name: "Model" });
  await model.selectOption("scripted-large");
  const asked = page.waitForRequest("**/api/v1/chat");
  await chat.askAndWait(page, "Shall we meet?");
  expect((await asked).postDataJSON()).toMatchObject({ model: "scripted-large" });
  await page.reload();
  await chat.answers(page).waitFor();
  expect(await model.inputValue()).toBe("scripted-large");
  await page.getByRole("link", { name: "New chat" }).click();
  expect(await model.inputValue()).toBe("scripted-answers");
});

test("a cloud model is used only after a yes to what that means, and the yes can be taken back [X-19]", async () => {
  const { page } = await suite.signedIn();
  const allowed = async (): Promise<boolean> =>
    ((await (await suite.target().api.get("/api/v1/llm/cloud")).json()) as { allowed: boolean }).allowed;
  await chat.openChat(page);
  const model = page.getByRole("combobox", { name: "Model" });
  await model.selectOption("cloud-model");
  const question = page.getByRole("dialog", { name: "Let questions leave the house?" });
  await question.getByText("receives what you ask").waitFor();
  await question.getByRole("button", { name: "Stay in the house" }).click();
  expect([await model.inputValue(), await allowed()]).toEqual(["scripted-answers", false]);

  await model.selectOption("cloud-model");
  await question.getByRole("button", { name: "Allow cloud models" }).click();
  await question.waitFor({ state: "detached" });
  expect([await model.inputValue(), await allowed()]).toEqual(["cloud-model", true]);

  await page.getByRole("button", { name: "Privacy" }).click();
  await page.getByRole("button", { name: "Do not allow cloud models any more" }).click();
  await page.getByRole("button", { name: "Allow cloud models" }).waitFor();
  expect(await allowed()).toBe(false);
});

test("the privacy notice says what is stored, where answers come from, and that they are no advice [X-19]", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await page.getByRole("button", { name: "Privacy" }).click();
  const notice = page.getByRole("dialog", { name: "Privacy" });
  for (const words of ["Where answers come from", "What is stored", "no medical, legal or financial advice"]) {
    await notice.getByText(words).waitFor();
  }
  await page.keyboard.press("Escape");
  await expectFocus(page, "Privacy");
});
