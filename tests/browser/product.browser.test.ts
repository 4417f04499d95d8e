import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, test, vi } from "vitest";
import { resultsFolder } from "../run.ts";
import { looks } from "./support/browser.ts";
import * as chat from "./support/chat.ts";
import { expectNoTrouble, expectWellShown } from "./support/expect.ts";
import { chatByKeyboard } from "./support/keyboard.ts";
import { browserSuite } from "./support/suite.ts";
import { openProduct } from "./support/target.ts";

// The page as people get it: from the real product, through its proxy, with answers of a real model. What a model cannot be
// asked to do (hostile text, a stream that breaks, an answer to the letter) is tested against the stand-in, in the other files.
const suite = browserSuite(openProduct);

async function signIn(page: Page, password = suite.target().password): Promise<void> {
  await page.getByLabel("E-mail").fill(suite.target().email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

describe("signing in", () => {
  test("with a wrong password is refused in words, keeps the e-mail and asks for the password again", async () => {
    const { page } = await suite.stranger();
    await page.goto("/");
    await signIn(page, "not the password");
    await page.getByRole("alert").getByText("E-mail or password is wrong.").waitFor();
    expect(await page.getByLabel("E-mail").inputValue()).toBe(suite.target().email);
    expect(await page.getByLabel("Password").inputValue()).toBe("");
    expect((await page.evaluate(() => fidusTest.focus())).name).toBe("password");
    expect(await page.context().cookies()).toEqual([]);
  });

  test("sets a cookie that scripts cannot read and other sites cannot send", async () => {
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

  test("ends with the sign-out: the cookie is gone, it is worth nothing, and Back shows no data", async () => {
    const { page, context } = await suite.stranger();
    await page.goto("/");
    await signIn(page);
    await chat.box(page).waitFor();
    await chat.askAndStop(page, "Shall we meet in secret?");
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

  test("is asked for again when the session has ended meanwhile, and the message is still there", async () => {
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
});

test.each(["desktop", "small"] as const)(
  "a whole chat by keyboard on a %s screen: sign in, ask, stop, ask again, copy, delete, sign out",
  async (screen) => {
    const { page } = await suite.stranger({ screen });
    await chatByKeyboard(page, screen, suite.target());
    const { conversations } = (await (await suite.target().api.get("/api/v1/conversations")).json()) as {
      conversations: { title: string }[];
    };
    expect(conversations.filter(({ title }) => title.startsWith("Keyboard test"))).toEqual([]);
  },
);

describe("an answer", () => {
  test("is painted at least three times while it grows, each time with more text", async () => {
    const { page, trouble } = await suite.signedIn();
    await chat.openChat(page);
    await chat.askAndStop(page, chat.story, 60);
    const paints = await page.evaluate(() => [...fidusTest.paints]);
    expect(new Set(paints.map((paint) => paint.time)).size).toBeGreaterThanOrEqual(3);
    const lengths = paints.map((paint) => paint.length);
    expect(lengths).toEqual([...new Set(lengths)].sort((a, b) => a - b));
    await expectNoTrouble(page, trouble);
  });

  test("that is stopped frees the runtime within a second, and keeps what was written", async () => {
    const { page } = await suite.signedIn();
    await chat.openChat(page);
    await chat.ask(page, chat.story);
    await chat.waitForText(page, 20);
    expect((await chat.stored(suite.target().api, page)).messages.at(-1)?.status).toBe("streaming");
    expect(await suite.target().active()).toBe(1);
    await chat.stopButton(page).click();
    await vi.waitFor(async () => expect(await suite.target().active()).toBe(0), { timeout: 1_000, interval: 25 });
    await chat.answers(page).getByText("You stopped this answer.").waitFor();
    await vi.waitFor(async () => expect((await chat.stored(suite.target().api, page)).messages.at(-1)?.status).toBe("cancelled"));
    const { content = "" } = (await chat.stored(suite.target().api, page)).messages.at(-1) ?? {};
    expect(content.length).toBeGreaterThanOrEqual(20);
    expect(await chat.answers(page).locator(".prose").innerText()).not.toBe("");
  });

  test("is copied as the model wrote it, and after a reload it is there again and writing goes on", async () => {
    const { page } = await suite.signedIn();
    await chat.openChat(page);
    await chat.askAndStop(page, "Give me three tips for good sleep, as a list.", 40);
    await page.getByRole("button", { name: "Copy this answer" }).click();
    await page.getByText("Copied", { exact: true }).waitFor();
    expect(await page.evaluate(() => fidusTest.clipboard())).toBe(
      (await chat.stored(suite.target().api, page)).messages.at(-1)?.content,
    );
    await chat.waitForDrawing(page);
    const [address, before] = [page.url(), await chat.answers(page).locator(".prose").innerText()];
    await page.reload();
    await chat.answers(page).waitFor();
    await chat.waitForDrawing(page);
    expect(page.url()).toBe(address);
    expect(await chat.answers(page).locator(".prose").innerText()).toBe(before);
    expect(await chat.questions(page).innerText()).toContain("Give me three tips for good sleep, as a list.");
    await chat.askAndStop(page, "Say hello.");
    expect((await chat.stored(suite.target().api, page)).messages.map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "user",
      "assistant",
    ]);
  });
});

describe.each(looks)("on a $screen screen in the $scheme scheme, axe finds nothing and nothing scrolls sideways", (look) => {
  test("on the sign-in form, before and after a refused attempt", async () => {
    const { page, trouble } = await suite.stranger(look);
    await page.goto("/");
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await expectWellShown(page, "sign-in");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Enter your e-mail address.").waitFor();
    await expectWellShown(page, "sign-in with an error");
    await expectNoTrouble(page, trouble);
  });

  test("in an empty chat, while an answer is written, when it is there, and in the list of conversations", async () => {
    const { page, trouble } = await suite.signedIn(look);
    await chat.openChat(page);
    await page.getByRole("complementary", { name: "Demo model" }).waitFor();
    await expectWellShown(page, "empty");
    await chat.ask(page, chat.story);
    await chat.waitForText(page);
    await expectWellShown(page, "writing");
    await page.keyboard.press("Escape");
    await chat.waitForAnswer(page);
    await expectWellShown(page, "answered");
    await chat.openConversations(page);
    await expectWellShown(page, "conversations");
    await page
      .getByRole("button", { name: /^Delete “/ })
      .first()
      .click();
    await page.getByRole("button", { name: "Keep" }).waitFor();
    await expectWellShown(page, "delete dialog");
    await expectNoTrouble(page, trouble);
  });
});

test("the page names the demo model and the next step, which can be copied", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  const notice = page.getByRole("complementary", { name: "Demo model" });
  const status = (await (await suite.target().api.get("/api/v1/llm/status")).json()) as { demo: boolean; nextStep: string };
  expect(status).toMatchObject({ demo: true, nextStep: expect.stringMatching(/^\.\/fidus choose/) as string });
  await notice.getByText(status.nextStep, { exact: true }).waitFor();
  await notice.getByRole("button").click();
  expect(await page.evaluate(() => fidusTest.clipboard())).toBe(status.nextStep);
});

test("a stranger is sent less than 40 kB before the sign-in form stands, compressed, and no part that draws answers", async () => {
  const { page } = await suite.stranger();
  const sent = new Map<string, Promise<number>>();
  page.on("requestfinished", (request) =>
    sent.set(
      new URL(request.url()).pathname,
      request.sizes().then(({ responseBodySize }) => responseBodySize),
    ),
  );
  await page.goto("/");
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await page.waitForLoadState("networkidle");
  const scripts = [...sent.keys()].filter((path) => path.endsWith(".js"));
  expect(scripts).toHaveLength(1);
  const bytes = (await Promise.all(sent.values())).reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(40_000);
  await signIn(page);
  await chat.box(page).waitFor();
  await vi.waitFor(() => expect([...sent.keys()].filter((path) => path.endsWith(".js"))).toHaveLength(2), 15_000);
});

test("the picture of the README is one of this page, as this test takes it (npm run picture)", async () => {
  const root = join(import.meta.dirname, "../..");
  const committed = join(root, "docs/images/chat.png");
  const path = process.env["FIDUS_PICTURE"] === "write" ? committed : join(root, resultsFolder, "chat.png");
  const { page } = await suite.signedIn();
  for (const question of ["Move our meeting to Thursday", "Ideas for a rainy Sunday"]) {
    await page.goto("about:blank"); // a new document each time: the address alone would not open a new chat
    await chat.openChat(page);
    await chat.askAndStop(page, question);
  }
  await page.goto("about:blank");
  await chat.openChat(page);
  await chat.askAndStop(page, "Give me three tips for good sleep, as a list.", 500);
  await chat.waitForDrawing(page);
  await page.evaluate(() => fidusTest.settled());
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path });
  expect(pictureSize(await readFile(committed))).toEqual(pictureSize(await readFile(path)));
});

/** Width and height of a PNG that shows something. */
function pictureSize(bytes: Buffer): { width: number; height: number } {
  expect(bytes.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  expect(bytes.length).toBeGreaterThan(30_000);
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}
