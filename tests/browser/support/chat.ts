/** The page in the words of its user, by roles and names as a screen reader meets them. */
import type { APIRequestContext, Locator, Page } from "playwright-core";

/** A question whose answer does not end by itself while a test looks on. */
export const story = "Tell me a long story about the sea, at least two thousand words.";

/** A real model on two cores may load first. */
export const ANSWER_MS = 120_000;

export const box = (page: Page): Locator => page.getByRole("textbox", { name: "Message to Fidus" });
export const answers = (page: Page): Locator =>
  page.getByRole("article").filter({ has: page.getByRole("heading", { name: "Fidus" }) });
export const questions = (page: Page): Locator =>
  page.getByRole("article").filter({ has: page.getByRole("heading", { name: "You" }) });
export const stopButton = (page: Page): Locator => page.getByRole("button", { name: "Stop answering" });

/** Opens the page of a signed-in session and waits until one can write. */
export async function openChat(page: Page, address = "/"): Promise<void> {
  await page.goto(address);
  await box(page).waitFor();
}

/** Writes `text` and sends it by Enter. */
export async function ask(page: Page, text: string): Promise<void> {
  await box(page).fill(text);
  await box(page).press("Enter");
}

/** Waits until the answer has at least `characters` characters. */
export async function waitForText(page: Page, characters = 1): Promise<void> {
  await page.waitForFunction((least) => fidusTest.written() >= least, characters, { timeout: ANSWER_MS });
}

/** Waits until no answer is being written. */
export async function waitForAnswer(page: Page): Promise<void> {
  await stopButton(page).waitFor({ state: "detached", timeout: ANSWER_MS });
}

/** Waits until every answer is drawn as Markdown, not as the text it is until the part that draws it is here. */
export async function waitForDrawing(page: Page): Promise<void> {
  await page.locator(".prose:not(.plain)").first().waitFor();
  await page.locator(".prose.plain").first().waitFor({ state: "detached" });
}

/** Waits for the end of an answer; one that goes on for a minute is stopped: how long a small model talks is nobody's promise. */
export async function waitForEnd(page: Page): Promise<void> {
  await stopButton(page)
    .waitFor({ state: "detached", timeout: 60_000 })
    .catch(() => page.keyboard.press("Escape"));
  await waitForAnswer(page);
}

/** Asks, and stops the answer when it has so many characters, unless it ended before. */
export async function askAndStop(page: Page, text: string, characters = 1): Promise<void> {
  const count = await answers(page).count();
  await ask(page, text);
  await answers(page).nth(count).waitFor();
  await page.waitForFunction((least) => fidusTest.written() >= least || !fidusTest.writing(), characters, { timeout: ANSWER_MS });
  await page.keyboard.press("Escape");
  await waitForAnswer(page);
}

/** Asks and waits for the whole answer. */
export async function askAndWait(page: Page, text: string): Promise<void> {
  const count = await answers(page).count();
  await ask(page, text);
  await answers(page).nth(count).waitFor();
  await waitForAnswer(page);
}

/** The id of the open conversation, from the address. */
export function openConversation(page: Page): string {
  const id = /#\/c\/([\w-]+)/.exec(page.url())?.[1];
  if (!id) throw new Error(`address: got ${page.url()}; needs #/c/ID.`);
  return id;
}

/** A conversation as the database has it. */
interface Stored {
  readonly messages: readonly { readonly role: string; readonly content: string; readonly status: string }[];
}

/** The open conversation as the application answers it. */
export async function stored(api: APIRequestContext, page: Page): Promise<Stored> {
  return (await (await api.get(`/api/v1/conversations/${openConversation(page)}`)).json()) as Stored;
}

/** Opens the conversations on a small screen; on a wide one they are there already. */
export async function openConversations(page: Page): Promise<void> {
  const menu = page.getByRole("button", { name: "Conversations" });
  if (await menu.isVisible()) await menu.click();
}
