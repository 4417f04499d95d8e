/** Checks that several tests share. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { Trouble } from "./browser.ts";

/** Expects that axe finds nothing, best practices included, and that nothing is wider than the screen. */
export async function expectWellShown(page: Page, state: string): Promise<void> {
  await page.evaluate(() => fidusTest.settled());
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary ?? ""}`));
  expect(found, `axe, ${state}`).toEqual([]);
  expect(await page.evaluate(() => fidusTest.overflow()), `horizontal scroll, ${state}`).toBe(0);
}

/** Expects that the page asked no other origin for anything, broke no rule of its policy and threw nothing. */
export async function expectNoTrouble(page: Page, trouble: Trouble): Promise<void> {
  expect(trouble.foreign).toEqual([]);
  expect(trouble.errors).toEqual([]);
  expect(await page.evaluate(() => fidusTest.violations)).toEqual([]);
}

/** Expects of what `read` gives that it comes to be so, within the time that a busy machine may need. */
export function eventually<T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(read, { timeout: 15_000 });
}
