import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { looks } from "./support/browser.ts";
import { askAndWait, openChat } from "./support/chat.ts";
import { eventually, expectNoTrouble, expectWellShown } from "./support/expect.ts";
import { expectFocus } from "./support/keyboard.ts";
import { openSingleService, plainUser } from "./support/single-service.ts";
import { browserSuite } from "./support/suite.ts";

// The administration page over the real API and a real PostgreSQL; what is shown is looked up behind the page too.
const suite = browserSuite(openSingleService);

async function read<T>(path: string): Promise<T> {
  return (await (await suite.target().api.get(`/api/v1/admin${path}`)).json()) as T;
}

async function open(page: Page, panel: string): Promise<void> {
  await page.goto(`/admin#/${panel}`);
  await page.getByRole("heading", { level: 1, name: "Administration" }).waitFor();
}

async function signIn(page: Page, email: string, password = suite.target().password): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

describe("who is no administrator", () => {
  test("and not signed in is asked to sign in, and then is where they wanted to be", async () => {
    const { page, trouble } = await suite.stranger();
    await page.goto("/admin#/keys");
    await page.getByText("Sign in as an administrator.").waitFor();
    await signIn(page, suite.target().email);
    await page.getByRole("heading", { level: 2, name: "API keys" }).waitFor();
    await expectNoTrouble(page, trouble);
  });

  test("is told so, and sees and asks for nothing of others", async () => {
    const { page } = await suite.stranger();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto("/admin");
    await signIn(page, plainUser);
    await page.getByRole("heading", { name: "Only administrators may see this" }).waitFor();
    expect(asked.filter((path) => path.startsWith("/api/v1/admin"))).toEqual([]);
    await page.getByRole("link", { name: "To the chat" }).click();
    await page.getByRole("textbox", { name: "Message to Fidus" }).waitFor();
    expect(await page.getByRole("link", { name: "Administration" }).count()).toBe(0);
  });
});

interface User {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly disabledAt: string | null;
  readonly sessions: number;
}
const userOf = async (email: string): Promise<User | undefined> =>
  (await read<{ users: User[] }>("/users")).users.find((user) => user.email === email);

test("an account is made, signs in with the password shown once, becomes administrator, and is disabled", async () => {
  const { page, trouble } = await suite.signedIn();
  await open(page, "users");
  await page.getByLabel("E-mail", { exact: true }).fill("new@test.example");
  await page.getByRole("button", { name: "Make the account" }).click();
  const shown = page.locator(".secret code");
  await shown.waitFor();
  const password = await shown.innerText();
  const row = page.getByRole("row").filter({ hasText: "new@test.example" });
  await row.waitFor();

  const { page: theirs } = await suite.stranger();
  await theirs.goto("/");
  await signIn(theirs, "new@test.example", password);
  await theirs.getByRole("textbox", { name: "Message to Fidus" }).waitFor();

  await page.getByLabel("Role of new@test.example").selectOption("admin");
  await eventually(async () => (await userOf("new@test.example"))?.role).toBe("admin");
  await page.getByRole("button", { name: "Disable new@test.example" }).press("Enter");
  await expectFocus(page, "Cancel");
  await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
  await page.getByRole("button", { name: "Enable new@test.example" }).waitFor();
  expect(await userOf("new@test.example")).toMatchObject({ disabledAt: expect.any(String) as string, sessions: 0 });
  await theirs.reload();
  await theirs.getByRole("heading", { name: "Sign in to Fidus" }).waitFor();
  await expectNoTrouble(page, trouble);
});

test("a new password ends the old one and all sign-ins", async () => {
  const { page } = await suite.signedIn();
  await open(page, "users");
  await page.getByRole("button", { name: `New password for ${plainUser}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Give a new password" }).click();
  const password = await page.locator(".secret code").innerText();
  expect((await userOf(plainUser))?.sessions).toBe(0);
  const { page: theirs } = await suite.stranger();
  await theirs.goto("/");
  await signIn(theirs, plainUser);
  await theirs.getByText("E-mail or password is wrong.").waitFor();
  await signIn(theirs, plainUser, password);
  await theirs.getByRole("textbox", { name: "Message to Fidus" }).waitFor();
});

test("the last administrator stays one, and the page says why", async () => {
  const { page } = await suite.signedIn();
  const { email } = suite.target();
  for (const { id, disabledAt } of (await read<{ users: User[] }>("/users")).users.filter((user) => user.email !== email)) {
    if (disabledAt === null) await suite.target().api.patch(`/api/v1/admin/users/${id}`, { data: { role: "user" } });
  }
  await open(page, "users");
  const role = page.getByLabel(`Role of ${email}`);
  await role.selectOption("user");
  await page.getByRole("alert").getByText("The last administrator cannot be disabled, erased or become a user.").waitFor();
  expect([await role.inputValue(), (await userOf(email))?.role]).toEqual(["admin", "admin"]);
});

test("a key is revoked after a yes", async () => {
  const { page } = await suite.signedIn();
  const active = async (): Promise<number> =>
    (await read<{ keys: { email: string; revokedAt: string | null }[] }>("/keys")).keys.filter(
      ({ email, revokedAt }) => email === plainUser && revokedAt === null,
    ).length;
  expect(await active()).toBe(1);
  await open(page, "keys");
  await page.getByRole("button", { name: `Revoke “test” of ${plainUser}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  expect(await active()).toBe(1);
  await page.getByRole("button", { name: `Revoke “test” of ${plainUser}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await eventually(active).toBe(0);
});

test("a budget is set, shown with the person's e-mail, and removed", async () => {
  const { page } = await suite.signedIn();
  const caps = async (): Promise<(string | null)[]> =>
    (await read<{ budgets: { kind: string; subject: string; capUsd: string | null }[] }>("/budgets")).budgets
      .filter(({ capUsd }) => capUsd !== null)
      .map(({ capUsd }) => capUsd);
  await open(page, "budgets");
  await page.getByLabel("Whose").selectOption({ label: plainUser });
  await page.getByLabel("Cap in USD").fill("12.50");
  await page.getByRole("button", { name: "Set the budget" }).click();
  await page.getByRole("row").filter({ hasText: plainUser }).filter({ hasText: "$12.50" }).waitFor();
  expect(await caps()).toEqual(["12.50"]);
  await page.getByRole("button", { name: `Remove the budget of ${plainUser}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await eventually(caps).toEqual([]);
});

test("usage is shown by person, model and feature, and downloads as CSV", async () => {
  const { page } = await suite.signedIn();
  await openChat(page);
  await askAndWait(page, "Hello?");
  await eventually(async () => (await read<{ usage: unknown[] }>("/usage")).usage.length).toBe(1);
  await open(page, "usage");
  const row = page.getByRole("row").filter({ hasText: suite.target().email });
  await expect
    .poll(() => row.locator("td").allInnerTexts())
    .toEqual([suite.target().email, "test-model", "page", "1", "7", "3", "0", "$0.013"]);
  await page.getByLabel("Feature").uncheck();
  await eventually(() => row.locator("td").count()).toBe(7);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download as CSV" }).click();
  const csv = await readFile(await (await download).path(), "utf8");
  expect(csv.trim().split("\n")).toEqual([
    "user,model,calls,promptTokens,completionTokens,estimatedCalls,cachedCalls,costUsd",
    `${suite.target().email},test-model,1,7,3,0,0,0.013`,
  ]);
});

test("runtimes are shown with their state, models with their price, and an A/B test is started and ended", async () => {
  const { page } = await suite.signedIn();
  await open(page, "models");
  await page.getByRole("row").filter({ hasText: "in use" }).waitFor();
  await page.getByRole("row").filter({ hasText: "test-model (usual)" }).filter({ hasText: "$1000.00" }).waitFor();
  await page.getByLabel("Who asks for").fill("test-model");
  await page.getByLabel("gets instead").fill("other-model");
  await page.getByLabel("Share in percent").fill("25");
  await page.getByRole("button", { name: "Start the test" }).click();
  await page.getByRole("row").filter({ hasText: "25 %" }).waitFor();
  expect((await read<{ trials: unknown[] }>("/trials")).trials).toEqual([
    { name: "test-model", other: "other-model", percent: 25 },
  ]);
  await page.getByRole("button", { name: "End the test of test-model" }).click();
  await page.getByText("No A/B test runs.").waitFor();
});

test("changes are listed latest first, a page at a time by keyboard, and found by person and by what was done", async () => {
  const { page, trouble } = await suite.signedIn();
  const put = (percent: number) => suite.target().api.put("/api/v1/admin/trials/paged", { data: { other: "x", percent } });
  for (let percent = 1; percent <= 100; percent++) await put(percent);
  await suite.target().api.delete("/api/v1/admin/trials/paged");
  await open(page, "changes");
  const rows = page.getByRole("region", { name: "Changes" }).locator("tbody tr");
  const first = rows.first();
  await first.filter({ hasText: "ended the A/B test of" }).waitFor();
  expect(await rows.count()).toBe(100);
  expect(await first.locator("td").allInnerTexts()).toEqual([
    expect.any(String),
    suite.target().email,
    "ended the A/B test of",
    "paged",
    "",
  ]);
  const older = page.getByRole("button", { name: "Older" });
  await older.press("Enter");
  await page.getByText("Page 2").waitFor();
  await first.filter({ hasText: "percent: 1" }).waitFor();
  expect(await rows.count()).toBeLessThan(100);
  await older.press("Enter");
  await expectFocus(page, "Older");
  expect(await page.getByText("Page 2").count()).toBe(1);
  await page.getByRole("button", { name: "Newer" }).press("Enter");
  await page.getByText("Page 1").waitFor();
  await page.getByLabel("What").selectOption("trial.remove");
  await page.getByLabel("Person").fill(suite.target().email.toUpperCase().slice(0, 4));
  await page.getByLabel("Person").press("Enter");
  await eventually(async () => new Set(await rows.locator("td:nth-child(3)").allInnerTexts())).toEqual(
    new Set(["ended the A/B test of"]),
  );
  await page.getByLabel("Person").fill("nobody-of-that-name");
  await page.getByLabel("Person").press("Enter");
  await page.getByText("No changes.").waitFor();
  await expectNoTrouble(page, trouble);
});

describe.each(looks)("on a $screen screen in the $scheme scheme, axe finds nothing and nothing scrolls sideways", (look) => {
  test("in all parts of the administration, and in its refusal", async () => {
    const { page, trouble } = await suite.signedIn(look);
    for (const panel of ["users", "keys", "budgets", "usage", "models", "changes"]) {
      await open(page, panel);
      await page.getByRole("navigation").locator("[aria-current=page]").waitFor();
      await page.waitForLoadState("networkidle");
      await expectWellShown(page, panel);
    }
    await open(page, "users");
    await page.getByRole("button", { name: `Disable ${plainUser}` }).press("Enter");
    await expectFocus(page, "Cancel");
    await expectWellShown(page, "question");
    await page.route("**/api/v1/auth/me", (route) => route.fulfill({ json: { email: plainUser, name: "Ann", role: "user" } }));
    await page.goto("about:blank");
    await page.goto("/admin");
    await page.getByRole("heading", { name: "Only administrators may see this" }).waitFor();
    await expectWellShown(page, "refusal");
    await expectNoTrouble(page, trouble);
  });
});
