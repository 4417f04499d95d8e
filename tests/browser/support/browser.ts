/** Starts the Chromium of this machine and opens pages that record what must not happen. */
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { chromiumNames, findProgram, pathFolders } from "../../programs.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts a browser with an empty profile; the caller closes it. */
export function launch(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? findProgram(chromiumNames, pathFolders(process.env));
  if (executablePath === null) {
    const names = chromiumNames.join(", ");
    throw new Error(`PATH: got no browser; needs one of ${names}. apt-get install chromium fonts-dejavu-core, or set CHROMIUM.`);
  }
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** What in-page.js offers inside the page. */
interface InPage {
  /** Breaches of the Content-Security-Policy. */
  readonly violations: readonly string[];
  /** Frames in which the growing answer was longer than in the frame before: time in ms, length in characters. */
  readonly paints: readonly { readonly time: number; readonly length: number }[];
  /** What the live region said. */
  readonly says: readonly string[];
  /** Characters of the growing answer, 0 when none grows. */
  written(): number;
  /** Whether an answer grows. */
  writing(): boolean;
  /** Resolves when running transitions are over. */
  settled(): Promise<void>;
  /** Animations that run now. */
  animations(): number;
  /** The cookies that scripts can read. */
  cookies(): string;
  /** Place and sizes of the messages' scroller, in pixels. */
  scroll(): { top: number; view: number; height: number };
  /** The place of the scroller once it rests. */
  scrolled(): Promise<{ top: number }>;
  /** What a drag of files with these names carries. */
  filesToDrop(names: readonly string[]): object;
  /** The text on the clipboard. */
  clipboard(): Promise<string>;
  /** Pixels by which the page is wider than the screen. */
  overflow(): number;
  /** The focused control, and whether its focus can be seen. */
  focus(): { name: string; visible: boolean };
}
declare global {
  var fidusTest: InPage;
}

export const screens = {
  small: { width: 360, height: 640 },
  desktop: { width: 1280, height: 800 },
} as const;
export type Screen = keyof typeof screens;
export type Scheme = "light" | "dark";

/** What a page did; everything in it would be a defect. */
export interface Trouble {
  /** Requests to any other origin. */
  readonly foreign: string[];
  /** Uncaught errors and errors on the console, without failed requests (the browser logs each 401). */
  readonly errors: string[];
}

export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly trouble: Trouble;
}

export interface OpenOptions {
  readonly screen?: Screen;
  readonly scheme?: Scheme;
  /** Saved cookies of a signed-in session. @default none */
  readonly storageState?: Awaited<ReturnType<BrowserContext["storageState"]>>;
}

/** Every screen in every colour scheme. */
export const looks = [
  { screen: "small", scheme: "light" },
  { screen: "small", scheme: "dark" },
  { screen: "desktop", scheme: "light" },
  { screen: "desktop", scheme: "dark" },
] as const satisfies OpenOptions[];

/** Opens an empty page in a context of its own. */
export async function openPage(browser: Browser, url: string, options: OpenOptions = {}): Promise<OpenPage> {
  const { screen = "desktop", scheme = "light", storageState } = options;
  const context = await browser.newContext({
    baseURL: url,
    viewport: screens[screen],
    colorScheme: scheme,
    permissions: ["clipboard-read", "clipboard-write"],
    ...(storageState ? { storageState } : {}),
  });
  context.setDefaultTimeout(15_000);
  await context.addInitScript({ path: join(import.meta.dirname, "in-page.js") });
  const page = await context.newPage();
  const trouble: Trouble = { foreign: [], errors: [] };
  const origin = new URL(url).origin;
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith("blob:")) trouble.foreign.push(request.url());
  });
  page.on("pageerror", (error) => trouble.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) trouble.errors.push(message.text());
  });
  return { page, context, trouble };
}
