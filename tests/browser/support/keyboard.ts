/** The page by keyboard alone. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { Screen } from "./browser.ts";
import * as chat from "./chat.ts";
import type { Target } from "./target.ts";

/** Presses `key` until the control named `name` has the focus; every stop on the way must be seen. */
export async function travelTo(page: Page, name: RegExp, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
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

/** Expects the focus on the control named `name`, and that it is seen there. */
export async function expectFocus(page: Page, name: string): Promise<void> {
  await page.waitForFunction((wanted) => fidusTest.focus().name === wanted, name);
  expect(await page.evaluate(() => fidusTest.focus())).toEqual({ name, visible: true });
}

/** A whole chat on an empty page: sign in, ask, stop, ask again, copy, delete, sign out. Every stop of the focus is seen. */
export async function chatByKeyboard(
  page: Page,
  screen: Screen,
  { email, password }: Pick<Target, "email" | "password">,
): Promise<void> {
  await page.goto("/");
  await expectFocus(page, "email");
  await page.keyboard.type(email);
  await page.keyboard.press("Tab");
  await expectFocus(page, "password");
  await page.keyboard.type(password);
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
  await chat.waitForEnd(page);
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
}
