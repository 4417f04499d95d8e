import { expect, test } from "vitest";
import * as chat from "./support/chat.ts";
import { expectFocus, travelTo } from "./support/keyboard.ts";
import { browserSuite } from "./support/suite.ts";

const suite = browserSuite();

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
