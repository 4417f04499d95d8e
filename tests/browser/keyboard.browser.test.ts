import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import * as chat from "./support/chat.ts";
import { browserSuite } from "./support/suite.ts";

const suite = browserSuite();

/** Presses `key` until the control named `name` has the focus; every stop on the way must be seen. */
async function travelTo(page: Page, name: RegExp, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  const stops: string[] = [];
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press(key);
    const focus = await page.evaluate(() => fidusTest.focus());
    stops.push(focus.name);
    if (focus.name !== "") expect(focus.visible, `focus on “${focus.name}” is seen`).toBe(true);
    if (name.test(focus.name)) return;
  }
  throw new Error(`focus: got ${stops.join(" → ")}; needs ${name}.`);
}

async function expectFocus(page: Page, name: string): Promise<void> {
  await page.waitForFunction((wanted) => fidusTest.focus().name === wanted, name);
  expect(await page.evaluate(() => fidusTest.focus())).toEqual({ name, visible: true });
}

test.each(["desktop", "small"] as const)(
  "a whole chat by keyboard on a %s screen: sign in, ask, stop, ask again, delete, sign out",
  async (screen) => {
    const { page } = await suite.stranger({ screen });
    await page.goto("/");
    await expectFocus(page, "email");
    await page.keyboard.type(suite.target().email);
    await page.keyboard.press("Tab");
    await expectFocus(page, "password");
    await page.keyboard.type(suite.target().password);
    await page.keyboard.press("Enter");
    await expectFocus(page, "message");

    await page.keyboard.type("Keyboard test: tell me a long story,");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("at least two thousand words.");
    expect(await chat.box(page).inputValue()).toContain("story,\nat least");
    await page.keyboard.press("Enter");
    await chat.waitForText(page);
    await expectFocus(page, "message");
    await page.keyboard.press("Escape");
    await chat.waitForAnswer(page);
    await chat.answers(page).getByText("You stopped this answer.").waitFor();
    await expectFocus(page, "message");

    await page.keyboard.type("Shall we meet?");
    await page.keyboard.press("Enter");
    await chat.answers(page).nth(1).waitFor();
    await chat.waitForAnswer(page);
    await travelTo(page, /^Copy this answer$/, "Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Copied", { exact: true }).waitFor();

    if (screen === "small") {
      await travelTo(page, /^Conversations$/, "Shift+Tab");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: "Conversations" }).waitFor();
      await page.keyboard.press("Escape");
      await expectFocus(page, "Conversations");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: "Conversations" }).waitFor();
      await travelTo(page, /^Delete “Keyboard test/);
    } else {
      await travelTo(page, /^Delete “Keyboard test/, "Shift+Tab");
    }
    await page.keyboard.press("Enter");
    await expectFocus(page, "Keep");
    await page.keyboard.press("Tab");
    await expectFocus(page, "Delete");
    await page.keyboard.press("Enter");
    await page.getByText("Conversation deleted.").waitFor({ state: "attached" });

    if (screen === "small") {
      await page.getByRole("dialog", { name: "Conversations" }).waitFor({ state: "detached" });
      await travelTo(page, /^Conversations$/, "Shift+Tab");
      await page.keyboard.press("Enter");
    }
    await travelTo(page, /^Sign out$/, screen === "small" ? "Tab" : "Shift+Tab");
    await page.keyboard.press("Enter");
    await expectFocus(page, "email");
  },
);

test("the first Tab offers to skip to the message box", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await page.getByRole("heading", { level: 1 }).focus();
  await travelTo(page, /^Skip to the message box$/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await expectFocus(page, "message");
});

test("Enter that chooses a suggestion of an input method sends nothing", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.box(page).fill("にほん");
  await chat.box(page).dispatchEvent("keydown", { key: "Enter", isComposing: true, bubbles: true });
  expect(await chat.box(page).inputValue()).toBe("にほん");
  expect(await chat.questions(page).count()).toBe(0);
});

test("Enter in an empty box sends nothing", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await chat.ask(page, "  ");
  expect(await chat.questions(page).count()).toBe(0);
});

test("the box grows with its text and stops at a part of the screen", async () => {
  const { page } = await suite.signedIn({ screen: "small" });
  await chat.openChat(page);
  const height = async (): Promise<number> => (await chat.box(page).boundingBox())?.height ?? 0;
  const one = await height();
  await chat.box(page).fill("a\nb\nc");
  const three = await height();
  expect(three).toBeGreaterThan(one * 1.8);
  await chat.box(page).fill("line\n".repeat(80));
  expect(await height()).toBeLessThanOrEqual(640 * 0.4 + 1);
  await chat.box(page).fill("");
  expect(await height()).toBe(one);
});
