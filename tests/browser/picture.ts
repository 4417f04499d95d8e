/**
 * Takes the picture of the README: docs/images/chat.png, 1280×800, light. Of the real product when FIDUS_BROWSER_* is set,
 * else of the stand-in, whose answers are scripted (the picture names its model so). What it asked is deleted again.
 *
 *   node tests/browser/picture.ts
 */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { launch, openPage } from "./support/browser.ts";
import { askAndWait, openChat } from "./support/chat.ts";
import { openTarget } from "./support/target.ts";

const path = join(import.meta.dirname, "../../docs/images/chat.png");
const earlier = ["Move our meeting to Thursday", "Ideas for a rainy Sunday", "Explain compound interest"];

const target = await openTarget();
const browser = await launch();
try {
  const { page } = await openPage(browser, target.url, { storageState: target.signedIn });
  for (const question of earlier) {
    await page.goto("about:blank"); // a new document each time: the address alone would not open a new chat
    await openChat(page);
    await askAndWait(page, question);
  }
  await page.goto("about:blank");
  await openChat(page);
  await askAndWait(page, "How does a backup differ from a copy?");
  await page.evaluate(() => fidusTest.settled());
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path });
  console.log(path);
} finally {
  await browser.close();
  await target.close();
}
