/** Browser and target of one test file: opened once, pages closed after each test. */
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { launch, openPage, type OpenOptions, type OpenPage } from "./browser.ts";
import { openStandIn, type Target } from "./target.ts";

export interface Suite {
  target(): Target;
  /** A page of a signed-in session. */
  signedIn(options?: OpenOptions): Promise<OpenPage>;
  /** A page that nobody has signed in on. */
  stranger(options?: OpenOptions): Promise<OpenPage>;
}

/** Registers the hooks of a test file and returns what its tests work with. @default the stand-in */
export function browserSuite(openTarget: () => Promise<Target> = openStandIn): Suite {
  let browser: Browser | undefined;
  let opened: Target | undefined;
  beforeAll(async () => {
    opened = await openTarget();
    browser = await launch();
  });
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
  });
  afterAll(async () => {
    await browser?.close();
    await opened?.api.dispose();
    await opened?.close();
  });
  const target = (): Target => {
    if (!opened) throw new Error("target: got none; needs the suite's hooks to have run.");
    return opened;
  };
  const open = (options: OpenOptions): Promise<OpenPage> => {
    if (!browser) throw new Error("browser: got none; needs the suite's hooks to have run.");
    return openPage(browser, target().url, options);
  };
  return {
    target,
    signedIn: (options = {}) => open({ ...options, storageState: target().signedIn }),
    stranger: (options = {}) => open(options),
  };
}
