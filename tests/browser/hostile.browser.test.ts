import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { hostile } from "./scripted-answers.ts";
import * as chat from "./support/chat.ts";
import { expectNoTrouble } from "./support/expect.ts";
import { browserSuite } from "./support/suite.ts";

const suite = browserSuite();
const stamp = "2026-11-21T10:00:00Z";

/** Shows `question` and `answer` as a stored conversation: the page and its policy are the target's, only the words are ours. */
async function showStored(page: Page, question: string, answer: string): Promise<void> {
  const messages = [
    { id: "m1", role: "user", status: "complete", createdAt: stamp, content: question },
    { id: "m2", role: "assistant", status: "complete", createdAt: stamp, content: answer },
  ];
  await page.route("**/api/v1/conversations/hostile", (route) =>
    route.fulfill({ json: { id: "hostile", title: question, messages } }),
  );
  await page.route("**/api/v1/conversations", (route) =>
    route.fulfill({ json: { conversations: [{ id: "hostile", title: question, updatedAt: stamp }] } }),
  );
  await page.goto("/#/c/hostile");
  await chat.answers(page).getByText("Hostile text ends.").waitFor();
  await chat.waitForDrawing(page);
}

async function expectInert(page: Page): Promise<void> {
  expect(await page.evaluate(() => (globalThis as { pwned?: unknown }).pwned ?? null)).toBe(null);
  const bad =
    "script, img, iframe, object, embed, form, input, style, base, meta, link, video, audio, [onerror], [onload], [style]";
  expect(await page.locator(".message").locator(bad).count()).toBe(0);
}

test("hostile Markdown and HTML in an answer stays text: nothing runs, loads or breaks the policy", async () => {
  const { page, trouble } = await suite.signedIn();
  await showStored(page, "What does it say?", hostile);
  await expectInert(page);
  for (const shown of ["<script>", "<iframe", "Image: remote picture"]) {
    await chat.answers(page).getByText(shown).first().waitFor();
  }
  for (const link of await chat.answers(page).getByRole("link").all()) await link.hover();
  await expectNoTrouble(page, trouble);
});

test("links go to http, https and mailto only, in a new tab that knows nothing of this one", async () => {
  const { page } = await suite.signedIn();
  await showStored(page, "Which links?", hostile);
  const links = await chat.answers(page).locator("a[href]").all();
  const seen = await Promise.all(
    links.map(async (link) => [
      await link.getAttribute("href"),
      await link.getAttribute("target"),
      await link.getAttribute("rel"),
    ]),
  );
  expect(seen.map(([href]) => href).sort()).toEqual([
    "https://example.org/page",
    "https://tracker.invalid/markdown.png",
    "mailto:somebody@example.org",
  ]);
  for (const [, target, rel] of seen) {
    expect(target).toBe("_blank");
    expect(rel?.split(" ")).toEqual(expect.arrayContaining(["noopener", "nofollow"]));
  }
});

test("hostile text that streams in small pieces is inert at every moment", async () => {
  const { page, trouble } = await suite.signedIn();
  const events = (hostile.match(/[^]{1,3}/g) ?? []).map((text) => `event: delta\ndata: ${JSON.stringify({ text })}\n\n`);
  const start = { conversationId: "hostile", messageId: "m2", title: "Hostile" };
  const done = { finishReason: "stop", usage: { promptTokens: 1, completionTokens: 1 } };
  await page.route("**/api/v1/chat", (route) =>
    route.fulfill({
      contentType: "text/event-stream",
      body: `event: start\ndata: ${JSON.stringify(start)}\n\n${events.join("")}event: done\ndata: ${JSON.stringify(done)}\n\n`,
    }),
  );
  await chat.openChat(page);
  await chat.ask(page, "Say something hostile.");
  await chat.answers(page).getByText("Hostile text ends.").waitFor();
  await chat.waitForDrawing(page);
  await expectInert(page);
  await expectNoTrouble(page, trouble);
});

test("what the user and the title say is shown letter by letter", async () => {
  const { page, trouble } = await suite.signedIn();
  const nasty = `<img src=x onerror="globalThis.pwned='user'"> **not bold** [x](javascript:pwned=1)`;
  await showStored(page, nasty, "Hostile text ends.");
  expect(await chat.questions(page).locator("p").innerText()).toBe(nasty);
  expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe(nasty);
  await expectInert(page);
  await expectNoTrouble(page, trouble);
});

test("ordinary Markdown is drawn: emphasis, lists, tables, code with a copy button", async () => {
  const { page, trouble } = await suite.signedIn();
  const text =
    "# One\n\n#### Two\n\n**bold** and `code`\n\n3. three\n4. four\n\n|a|b|\n|-|-|\n|1|2|\n\n```js\nlet a = '<b>';\n```\n\nHostile text ends.";
  await showStored(page, "Draw it.", text);
  const answer = chat.answers(page);
  expect(await answer.locator("strong").innerText()).toBe("bold");
  expect(await answer.locator("ol").getAttribute("start")).toBe("3");
  expect(await answer.locator("td").allInnerTexts()).toEqual(["1", "2"]);
  expect(await answer.locator("h3, h4").allInnerTexts()).toEqual(["One", "Two"]);
  await answer.getByRole("button", { name: "Copy code" }).click();
  expect((await page.evaluate(() => fidusTest.clipboard())).trim()).toBe("let a = '<b>';");
  await expectNoTrouble(page, trouble);
});

test("nesting deeper than the parser can bear is shown as text", async () => {
  const { page, trouble } = await suite.signedIn();
  await showStored(page, "How deep?", `${">".repeat(20_000)} deep\n\nHostile text ends.`);
  await expectNoTrouble(page, trouble);
});
