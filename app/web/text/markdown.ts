/**
 * Draws a model's Markdown. A model's words are foreign input: raw HTML is shown as text, images are named but never loaded,
 * links go to http, https or mailto only, and what is left passes DOMPurify with a list of allowed tags.
 */
import DOMPurify, { type Config } from "dompurify";
import { Marked, Renderer, type Token, type Tokens } from "marked";

const ALLOWED: Config & { RETURN_DOM_FRAGMENT: true } = {
  ALLOWED_TAGS:
    "a b blockquote br code del em h3 h4 h5 h6 hr i li ol p pre strong table tbody td th thead tr ul sub sup span".split(" "),
  ALLOWED_ATTR: ["href", "start", "class"],
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  ADD_URI_SAFE_ATTR: ["start"], // DOMPurify would measure a list's first number by the rule for addresses
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "CODE" && /^language-[\w+#.-]+$/.test(node.className)) return;
  if (!(node.tagName === "SPAN" && node.className === "image")) node.removeAttribute("class");
  if (node.tagName !== "A" || !node.hasAttribute("href")) return;
  node.setAttribute("rel", "noopener noreferrer nofollow");
  node.setAttribute("target", "_blank");
});

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? "");

let linkDepth = 0;

const marked = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }) => (/^<br\s*\/?>$/i.test(text.trim()) ? "<br>" : escape(text)),
    image: ({ href, text }) => {
      const name = `<span class="image">Image: ${escape(text || "no description")}</span>`;
      return linkDepth === 0 && /^https?:\/\//i.test(href) ? `<a href="${escape(href)}">${name}</a>` : name;
    },
    link(token) {
      linkDepth += 1; // a link cannot hold another one, so an image in it is named only
      try {
        return Renderer.prototype.link.call(this, token);
      } finally {
        linkDepth -= 1;
      }
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

/** Headings of an answer stand below the page's own (h1 title, h2 speaker) and skip no level. */
function fitHeadings(tokens: readonly Token[]): void {
  const depths = [
    ...new Set(tokens.flatMap((token) => (token.type === "heading" ? [(token as Tokens.Heading).depth] : []))),
  ].sort();
  let previous = 2;
  for (const token of tokens) {
    if (token.type !== "heading") continue;
    const heading = token as Tokens.Heading;
    heading.depth = Math.min(3 + depths.indexOf(heading.depth), previous + 1, 6);
    previous = heading.depth;
  }
}

/** One drawn top-level block and the HTML it came from. */
interface Block {
  readonly html: string;
  readonly nodes: readonly ChildNode[];
}

/** Keeps the element showing a growing Markdown text: only blocks that changed are drawn again, so selections survive. */
export class MarkdownView {
  readonly #root: HTMLElement;
  #blocks: Block[] = [];

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** Shows `text`. Text that the parser cannot handle is shown as it is. */
  show(text: string): void {
    const pages = blocksOf(text);
    let same = 0;
    while (same < pages.length && this.#blocks[same]?.html === pages[same]) same += 1;
    for (const block of this.#blocks.splice(same)) for (const node of block.nodes) node.remove();
    for (const html of pages.slice(same)) {
      const fragment = DOMPurify.sanitize(html, ALLOWED);
      decorate(fragment);
      const nodes = [...fragment.childNodes];
      this.#root.append(fragment);
      this.#blocks.push({ html, nodes });
    }
  }
}

function blocksOf(text: string): string[] {
  try {
    const tokens = marked.lexer(text);
    fitHeadings(tokens);
    return tokens.filter((token) => token.type !== "space").map((token) => marked.parser([token]));
  } catch {
    return [`<p>${escape(text)}</p>`]; // nesting deeper than the stack, for one
  }
}

function decorate(fragment: DocumentFragment): void {
  for (const pre of fragment.querySelectorAll("pre")) frameCode(pre);
  for (const table of fragment.querySelectorAll("table")) frameTable(table);
}

function frameCode(pre: HTMLElement): void {
  const code = pre.querySelector("code");
  const language = code?.className.replace("language-", "") ?? "";
  const label = element("span", "code-language", language || "text");
  const copy = element("button", "code-copy", "Copy");
  copy.setAttribute("type", "button");
  copy.dataset["copy"] = "code";
  copy.setAttribute("aria-label", "Copy code");
  const bar = element("div", "code-bar");
  bar.append(label, copy);
  const frame = element("div", "code");
  pre.replaceWith(frame);
  frame.append(bar, pre);
  // Long lines scroll sideways, and what scrolls must be reachable by keyboard.
  pre.tabIndex = 0;
  pre.setAttribute("role", "group");
  pre.setAttribute("aria-label", language ? `Code, ${language}` : "Code");
}

function frameTable(table: HTMLElement): void {
  // A head without words (the corner of a table) heads nothing.
  for (const head of table.querySelectorAll("th:empty")) head.replaceWith(document.createElement("td"));
  const frame = element("div", "table");
  frame.tabIndex = 0;
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-label", "Table");
  table.replaceWith(frame);
  frame.append(table);
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
