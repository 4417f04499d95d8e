import { describe, expect, test } from "vitest";
import { looks } from "./support/browser.ts";
import {
  answers,
  ask,
  askAndWait,
  box,
  openChat,
  openConversations,
  stopButton,
  waitForAnswer,
  waitForDrawing,
  waitForText,
} from "./support/chat.ts";
import { expectNoTrouble, expectWellShown } from "./support/expect.ts";
import { browserSuite } from "./support/suite.ts";

const suite = browserSuite();

describe.each(looks)("on a $screen screen in the $scheme scheme, axe finds nothing and nothing scrolls sideways", (look) => {
  test("with long words, code and tables in an answer", async () => {
    const { page, trouble } = await suite.signedIn(look);
    const wide = "wide".repeat(80);
    const text = `# ${wide}\n\n## B\n\n\`${wide}\`\n\n\`\`\`js\nconst ${wide} = 1;\n\`\`\`\n\n|${wide}|b|c|\n|-|-|-|\n|${wide}|2|3|\n\n- [x] ${wide}`;
    const message = { id: "m2", role: "assistant", status: "complete", createdAt: "2026-11-21T10:00:00Z", content: text };
    const question = { ...message, id: "m1", role: "user", content: wide };
    await page.route("**/api/v1/conversations/wide", (route) =>
      route.fulfill({ json: { id: "wide", title: wide, messages: [question, message] } }),
    );
    await page.route("**/api/v1/conversations", (route) =>
      route.fulfill({ json: { conversations: [{ id: "wide", title: wide, updatedAt: message.createdAt }] } }),
    );
    await page.goto("/#/c/wide");
    await answers(page).first().waitFor();
    await waitForDrawing(page);
    await expectWellShown(page, "wide content");
    await expectNoTrouble(page, trouble);
  });

  test("while a question is changed, a conversation renamed or searched for, and a decision about the cloud is asked", async () => {
    const { page, trouble } = await suite.signedIn(look);
    await openChat(page);
    await askAndWait(page, "Shall we meet?");
    await page.getByRole("button", { name: "Change this question" }).click();
    await expectWellShown(page, "changing a question");
    await page.getByRole("button", { name: "Leave it" }).click();
    await page.getByRole("combobox", { name: "Model" }).selectOption("cloud-model");
    await page.getByRole("button", { name: "Stay in the house" }).waitFor();
    await expectWellShown(page, "cloud consent");
    await page.keyboard.press("Escape");
    await openConversations(page);
    await page.getByRole("searchbox").fill("meet");
    await page
      .getByRole("button", { name: /^Rename/ })
      .first()
      .click();
    await page.getByRole("textbox", { name: "Title" }).waitFor();
    await expectWellShown(page, "rename");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Privacy" }).click();
    await page.getByRole("dialog", { name: "Privacy" }).waitFor();
    await expectWellShown(page, "privacy");
    await expectNoTrouble(page, trouble);
  });

  test("with a message that could not be sent, a model that is away, and a server that is away", async () => {
    const { page } = await suite.signedIn(look);
    await page.route("**/api/v1/llm/status", async (route) => {
      const status = (await (await route.fetch()).json()) as object;
      await route.fulfill({ json: { ...status, reachable: false } });
    });
    await page.route("**/api/v1/chat", (route) => route.abort());
    await openChat(page);
    await page.getByText("The language model cannot be reached.").waitFor();
    await ask(page, "Is anybody there?");
    await page.getByText("Fidus cannot be reached.").waitFor();
    await expectWellShown(page, "errors");
    await page.route("**/api/v1/auth/me", (route) => route.abort());
    await page.reload();
    await page.getByRole("heading", { name: "Fidus cannot be reached" }).waitFor();
    await expectWellShown(page, "unreachable");
  });
});

test("does not call a full-size model a demo", async () => {
  const { page } = await suite.signedIn();
  await page.route("**/api/v1/llm/status", async (route) => {
    const status = (await (await route.fetch()).json()) as object;
    await route.fulfill({ json: { ...status, demo: false, nextStep: null } });
  });
  await openChat(page);
  await box(page).waitFor();
  expect(await page.getByText("Demo model").count()).toBe(0);
});

test("moves nothing for people who asked for less motion", async () => {
  const { page } = await suite.signedIn();
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openChat(page);
  await ask(page, "Tell me a long story.");
  await waitForText(page);
  expect(await page.evaluate(() => fidusTest.animations())).toBe(0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect(await page.evaluate(() => fidusTest.animations())).toBeGreaterThan(0);
  await stopButton(page).click();
  await waitForAnswer(page);
});
