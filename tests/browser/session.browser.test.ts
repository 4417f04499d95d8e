import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import * as chat from "./support/chat.ts";
import { browserSuite } from "./support/suite.ts";

const suite = browserSuite();

async function signIn(page: Page, password = suite.target().password): Promise<void> {
  await page.getByLabel("E-mail").fill(suite.target().email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("refuses a wrong password in words, keeps the e-mail and asks for the password again", async () => {
  const { page } = await suite.stranger();
  await page.goto("/");
  await signIn(page, "not the password");
  await page.getByRole("alert").getByText("E-mail or password is wrong.").waitFor();
  expect(await page.getByLabel("E-mail").inputValue()).toBe(suite.target().email);
  expect(await page.getByLabel("Password").inputValue()).toBe("");
  expect((await page.evaluate(() => fidusTest.focus())).name).toBe("password");
  expect(await page.context().cookies()).toEqual([]);
});

test("signs in with a cookie that scripts cannot read and other sites cannot send", async () => {
  const { page, context } = await suite.stranger();
  await page.goto("/");
  await signIn(page);
  await chat.box(page).waitFor();
  const [cookie, ...others] = await context.cookies();
  expect(others).toEqual([]);
  const name = `fidus_session_${new URL(suite.target().url).port}`;
  expect(cookie).toMatchObject({ name, httpOnly: true, sameSite: "Strict", path: "/" });
  expect(await page.evaluate(() => fidusTest.cookies())).toBe("");
});

test("logout ends the session: the cookie is gone, it is worth nothing, and Back shows no data", async () => {
  const { page, context } = await suite.stranger();
  await page.goto("/");
  await signIn(page);
  await chat.box(page).waitFor();
  await chat.askAndWait(page, "Shall we meet in secret?");
  const stolen = await context.storageState();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Fidus" }).waitFor();
  expect(await context.cookies()).toEqual([]);

  await page.goBack().catch(() => null);
  await page.waitForLoadState();
  expect(await page.getByText("Shall we meet in secret?").count()).toBe(0);

  const { page: thief } = await suite.stranger({ storageState: stolen });
  await thief.goto("/");
  await thief.getByRole("heading", { name: "Sign in to Fidus" }).waitFor();
});

test("a session that ended meanwhile leads to the sign-in form and back, and the message is still there", async () => {
  const { page, context } = await suite.stranger();
  await page.goto("/");
  await signIn(page);
  await chat.box(page).waitFor();
  await context.clearCookies();
  await chat.ask(page, "Do not lose this.");
  await page.getByText("Your session has ended.").waitFor();
  await signIn(page);
  await chat.box(page).waitFor();
  expect(await chat.box(page).inputValue()).toBe("Do not lose this.");
});
