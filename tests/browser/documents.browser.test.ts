import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { looks } from "./support/browser.ts";
import * as chat from "./support/chat.ts";
import { expectNoTrouble, expectWellShown } from "./support/expect.ts";
import { expectFocus, travelTo } from "./support/keyboard.ts";
import { browserSuite } from "./support/suite.ts";
import { signIn, type Target } from "./support/target.ts";
import type { ScriptedDocuments } from "./scripted-documents.ts";
import { startDevServer } from "./dev-server.ts";

let scripted: ScriptedDocuments;

async function openScripted(): Promise<Target> {
  const server = await startDevServer();
  scripted = server.documents;
  const signedIn = await signIn(server.url, server.email, server.password);
  return { ...signedIn, active: async () => server.active(), close: () => server.close() };
}

const suite = browserSuite(openScripted);
const folder = mkdtempSync(join(tmpdir(), "fidus-files-"));
beforeEach(() => scripted.clear());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text = "# Notes\nMau sleeps."): { name: string; mimeType: string; buffer: Buffer } => ({
  name,
  mimeType: "text/markdown",
  buffer: Buffer.from(text),
});
const dialog = (page: Page): Locator => page.getByRole("dialog", { name: "Your documents" });
const row = (page: Page, name: string): Locator => dialog(page).getByRole("listitem").filter({ hasText: name });

async function openDocuments(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Documents", exact: true }).click();
  await dialog(page).waitFor();
}

/** By the button and the browser's own picker. */
async function add(page: Page, files: Parameters<Locator["setInputFiles"]>[0]): Promise<void> {
  const picker = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Add documents" }).click();
  await (await picker).setFiles(files);
}

test("a document is added by the button, shown until it is ready, drawn on by an answer that cites it, and deleted [A-13]", async () => {
  const { page, trouble } = await suite.signedIn();
  await chat.openChat(page);
  await openDocuments(page);
  await dialog(page).getByText("up to 50 MB each").waitFor();
  await dialog(page).getByText("No documents yet.").waitFor();
  await add(page, file("notes.md"));
  await row(page, "notes.md").getByText("Embedding, 2 of 4 passages").waitFor();
  await dialog(page).getByRole("progressbar", { name: "Embedding of notes.md" }).waitFor();
  await row(page, "notes.md").getByText("Ready").waitFor();
  const says = await page.evaluate(() => fidusTest.says);
  expect(says.filter((text) => text.includes("notes.md"))).toEqual(["notes.md was added.", "notes.md is ready."]);
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });

  expect(await page.getByRole("checkbox", { name: "Draw on my documents" }).isChecked()).toBe(true);
  const asked = page.waitForRequest("**/api/v1/chat");
  await chat.askAndWait(page, "Shall we meet?");
  expect((await asked).postDataJSON()).toEqual({ content: "Shall we meet?", documents: true });
  const source = chat.answers(page).getByRole("list", { name: "From your documents" }).getByRole("listitem");
  expect(await source.allInnerTexts()).toEqual(["[1] notes.md, lines 1–3"]);
  await source.getByText("notes.md").click();
  await source.getByText("What notes.md says.\nIn two lines.").waitFor();
  await page.reload();
  await chat.answers(page).getByText("[1] notes.md, lines 1–3").waitFor();

  await openDocuments(page);
  await row(page, "notes.md").getByRole("button", { name: "Delete notes.md" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await dialog(page).getByText("No documents yet.").waitFor();
  await page.waitForFunction(() => fidusTest.focus().name === "Add documents");
  await page.keyboard.press("Escape");
  expect(await page.getByRole("checkbox", { name: "Draw on my documents" }).count()).toBe(0);
  await chat.answers(page).getByText("[1] notes.md, lines 1–3").click();
  await chat.answers(page).getByText("The document was deleted, and its text with it.").waitFor();
  await expectNoTrouble(page, trouble);
});

test("files that are dropped on the page become documents, and what is in the message box stays", async () => {
  const { page, trouble } = await suite.signedIn();
  await chat.openChat(page);
  await chat.box(page).fill("Half a thought");
  const data = await page.evaluateHandle(() => fidusTest.filesToDrop(["one.txt", "two.txt"]));
  await page.dispatchEvent("main", "dragover", { dataTransfer: data });
  await page.getByText("Drop files to add them to your documents").waitFor();
  await page.dispatchEvent("main", "drop", { dataTransfer: data });
  for (const name of ["one.txt", "two.txt"]) await row(page, name).getByText("Ready").waitFor();
  expect(await page.getByText("Drop files to add them to your documents").count()).toBe(0);
  await page.keyboard.press("Escape");
  expect(await chat.box(page).inputValue()).toBe("Half a thought");
  await expectNoTrouble(page, trouble);
});

test("what cannot be taken says why beside the others, which go on, and is dismissed", async () => {
  const large = join(folder, "large.txt");
  writeFileSync(large, "");
  truncateSync(large, 50 * 1024 * 1024 + 1);
  const lies = join(folder, "lies.pdf");
  writeFileSync(lies, "no PDF");
  const program = join(folder, "run.exe");
  writeFileSync(program, "MZ");
  const good = join(folder, "good.md");
  writeFileSync(good, "good");
  const { page } = await suite.signedIn();
  let sent = 0;
  page.on("request", (request) => (sent += request.method() === "POST" && request.url().endsWith("/documents") ? 1 : 0));
  await chat.openChat(page);
  await openDocuments(page);
  await add(page, [large, program, lies, good]);
  await row(page, "large.txt").getByText("Not added. It is larger than 50 MB.").waitFor();
  await row(page, "run.exe").getByText("Not added. Documents end in .txt, .md, .markdown, .pdf, .docx.").waitFor();
  await row(page, "lies.pdf").getByText("Not added. The file is not what its name says.").waitFor();
  await row(page, "good.md").getByText("Ready").waitFor();
  expect(sent).toBe(2);
  expect(await dialog(page).getByRole("button", { name: /again/ }).count()).toBe(0);
  for (const name of ["large.txt", "run.exe", "lies.pdf"]) await page.getByRole("button", { name: `Dismiss ${name}` }).click();
  expect(await dialog(page).getByRole("listitem").count()).toBe(1);
});

test("a file that the network lost is kept, and sent again when asked; a list that cannot be read is kept too", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await openDocuments(page);
  await add(page, file("first.md"));
  await row(page, "first.md").getByText("Ready").waitFor();
  await page.route("**/api/v1/documents", (route) => route.abort());
  await add(page, file("second.md"));
  await row(page, "second.md").getByText("Not added. Fidus cannot be reached.").waitFor();
  await page.keyboard.press("Escape");
  await openDocuments(page);
  await dialog(page).getByText("Your documents could not be read.").waitFor();
  await row(page, "first.md").getByText("Ready").waitFor();
  await page.unroute("**/api/v1/documents");
  await page.getByRole("button", { name: "Send second.md again" }).click();
  await row(page, "second.md").getByText("Ready").waitFor();
  expect(await dialog(page).getByText("Your documents could not be read.").count()).toBe(0);
});

test("an upload shows how far it is, can be stopped, and the one behind it goes on", async () => {
  const { page } = await suite.signedIn();
  const hold = Promise.withResolvers<void>();
  scripted.held = hold.promise;
  const slow = join(folder, "slow.txt");
  writeFileSync(slow, Buffer.alloc(40 * 1024 * 1024, "a"));
  await chat.openChat(page);
  await openDocuments(page);
  await add(page, slow);
  await row(page, "slow.txt")
    .getByText(/^Uploading, \d+ % …$/)
    .waitFor();
  await dialog(page).getByRole("progressbar", { name: "Upload of slow.txt" }).waitFor();
  await add(page, file("next.md"));
  await row(page, "next.md").getByText("Waiting for the one before it …").waitFor();
  await page.getByRole("button", { name: "Stop slow.txt" }).click();
  hold.resolve();
  await row(page, "next.md").getByText("Ready").waitFor();
  expect(await row(page, "slow.txt").count()).toBe(0);
});

test("a document whose embedding fails says so, and answers draw on documents only as long as that is wanted", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await openDocuments(page);
  await add(page, file("unlucky.md"));
  await row(page, "unlucky.md").getByText("Failed: answers cannot draw on all of it yet. It is tried again.").waitFor();
  await page.keyboard.press("Escape");
  const choice = page.getByRole("checkbox", { name: "Draw on my documents" });
  await choice.uncheck();
  await page.reload();
  await choice.waitFor();
  expect(await choice.isChecked()).toBe(false);
  const asked = page.waitForRequest("**/api/v1/chat");
  await chat.askAndWait(page, "Shall we meet?");
  expect((await asked).postDataJSON()).toEqual({ content: "Shall we meet?" });
  expect(await page.getByText("From your documents").count()).toBe(0);
});

test("leaving the browser's picker without a choice leaves the dialog open", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  await openDocuments(page);
  await page.locator("input[type=file]").dispatchEvent("cancel", { bubbles: true });
  await add(page, file("after.md"));
  await row(page, "after.md").waitFor();
});

test("without a model for documents administrators are told how to get one, and nobody else is shown the button", async () => {
  const { page } = await suite.signedIn();
  scripted.off = true;
  await chat.openChat(page);
  await openDocuments(page);
  await dialog(page).getByText("pulumi config set embeddingModel NAME").waitFor();
  await expectWellShown(page, "documents without a model");
  await page.route("**/api/v1/auth/me", (route) =>
    route.fulfill({ json: { email: "bo@example.org", name: "Bo", role: "user" } }),
  );
  const looked = page.waitForResponse("**/api/v1/documents");
  await page.reload();
  await (await looked).finished();
  await chat.askAndWait(page, "Shall we meet?");
  expect(await page.getByRole("button", { name: "Documents", exact: true }).count()).toBe(0);
});

test("documents are added, opened and deleted by keyboard alone, and every stop is seen", async () => {
  const { page } = await suite.signedIn();
  await chat.openChat(page);
  // Before the first key: the browser is told of it behind the keys that are pressed next.
  const picker = page.waitForEvent("filechooser", { timeout: 60_000 });
  await travelTo(page, /^Documents$/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await dialog(page).waitFor();
  await expectFocus(page, "Add documents");
  await page.keyboard.press("Enter");
  await (await picker).setFiles(file("keys.md"));
  await row(page, "keys.md").getByText("Ready").waitFor();
  await travelTo(page, /^Delete keys.md$/);
  await page.keyboard.press("Enter");
  await page.getByText("Delete this document?").waitFor();
  await page.keyboard.press("Escape");
  await expectFocus(page, "Delete keys.md");
  await page.keyboard.press("Escape");
  await expectFocus(page, "Documents");
  await chat.box(page).focus();
  await chat.askAndWait(page, "Shall we meet?");
  await travelTo(page, /^\[1\] keys.md/, "Shift+Tab");
  await page.keyboard.press("Enter");
  await chat.answers(page).getByText("What keys.md says.").waitFor();
});

describe.each(looks)("on a $screen screen in the $scheme scheme, axe finds nothing and nothing scrolls sideways", (look) => {
  test("among documents of every state, refused ones, the question before a deletion, and an open source", async () => {
    const { page, trouble } = await suite.signedIn(look);
    const wide = `${"wide".repeat(40)}.md`;
    await chat.openChat(page);
    await openDocuments(page);
    await expectWellShown(page, "no documents");
    await add(page, [file("unlucky.md"), file(wide), file("run.exe")]);
    await row(page, "unlucky.md").getByText("Failed").waitFor();
    await row(page, wide).getByText("Embedding").waitFor();
    await expectWellShown(page, "documents");
    await row(page, wide).getByText("Ready").waitFor();
    await page.getByRole("button", { name: "Delete unlucky.md" }).click();
    await page.getByText("Delete this document?").waitFor();
    await expectWellShown(page, "deleting a document");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await chat.askAndWait(page, "Shall we meet?");
    await chat.answers(page).getByText(/\[2\]/).click();
    await chat
      .answers(page)
      .getByText(/What .* says/)
      .waitFor();
    await chat.waitForDrawing(page);
    await expectWellShown(page, "sources");
    await expectNoTrouble(page, trouble);
  });
});
