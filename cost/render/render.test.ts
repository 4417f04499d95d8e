import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildCard } from "../card/build.ts";
import { publishedSchemas } from "../card/published.ts";
import type { Card } from "../card/schema.ts";
import { readPlan } from "../plan/read.ts";
import { previewOf, type Step } from "../testing.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderTerminal } from "./terminal.ts";

const server = "hcloud:index/server:Server";
const disk = "hcloud:index/volume:Volume";
const labels = { "fidus.edition": "a", "fidus.stack": "b", "fidus.version": "c" };
const inputs = { location: "nbg1", labels };
const card = (steps: readonly Step[], more: object = {}): Card =>
  buildCard(readPlan(previewOf(steps, more), "plan.json"), { today: "2026-11-21" });
const changed = card([
  {
    op: "update",
    type: server,
    name: "web",
    was: { ...inputs, serverType: "cx33" },
    inputs: { ...inputs, serverType: "cx43" },
    state: { created: "2026-05-01T00:00:00Z" },
  },
  { op: "same", type: disk, name: "kept", inputs: { ...inputs, size: 10 }, protect: true },
  { op: "delete", type: disk, name: "gone", inputs: { ...inputs, size: 20 } },
]);

test("the terminal says what costs, interrupts and endangers, without colours unless asked", () => {
  expect(renderTerminal(changed)).toMatchInlineSnapshot(`
    "shop: ▲ 8.71 → 17.06 EUR a month (+8.36)
    List prices of 2026-09-09, net, fixed cost only; lowest confidence H; before = the deployed stack.

    Risks (2)
         Rule       Resource  What                                                     What to do
      ✗  data-loss  gone      delete would lose: disk                                  --allow-data-loss 'urn:pulumi:shop::fidus::hcloud:index/volume:Volume::gone', once it may be lost
      !  price-age  shop      the prices are 73 days old: disk was read on 2026-09-09  ./fidus prices refresh hetzner

    Changes (2)
         Resource  Type                        Before    After      Difference  Downtime  Data
      ~  web       hcloud:index/server:Server  6.99 EUR  16.49 EUR  +9.50 EUR   restart
      -  gone      hcloud:index/volume:Volume  1.14 EUR  0.00 EUR   -1.14 EUR   none      at-risk: disk

    Lines of the changes (3)
      Resource  Line                                                       Quantity  Unit   Price  A month
      web       server cx43                                                1         month  11.99  11.99 EUR
      web       server cx43: ordered anew at today's price, 11.99 → 15.99  1         month  4      4.00 EUR
      web       IPv4 that comes with the server                            1         month  0.50   0.50 EUR

    Billed by use, without a figure (1)
      Resource  Line                             Price     Unit  Read        Figure
      web       traffic beyond what is included  1.00 EUR  TB    2026-09-09  extra-traffic-tb

    Unchanged (1)
        Resource  Type                        Before    After     Difference  Downtime  Data
        kept      hcloud:index/volume:Volume  0.57 EUR  0.57 EUR  ±0.00 EUR   none

    Exit 3: forbidden
      data at risk: disk of urn:pulumi:shop::fidus::hcloud:index/volume:Volume::gone; protect it, give --evidence, or --allow-data-loss 'urn:pulumi:shop::fidus::hcloud:index/volume:Volume::gone'"
  `);
  expect(renderTerminal(changed)).not.toContain("\u001b");
  const color = renderTerminal(changed, { color: true });
  expect(color).toContain("\u001b[1m");
  // eslint-disable-next-line no-control-regex -- the codes are what is taken away
  expect(color.replaceAll(/\u001b\[\d+m/g, "")).toBe(renderTerminal(changed));
});

test("the comment says the same: amount and arrow first, then risks, changes, and the rest folded", () => {
  expect(renderMarkdown(changed)).toMatchInlineSnapshot(`
    "<!-- fidus-card shop -->
    ### <code>shop</code> ▲ 8.71 → 17.06 EUR a month (+8.36)

    **Exit 3**
    - <code>data at risk: disk of urn:pulumi:shop::fidus::hcloud:index/volume:Volume::gone&#59; protect it, give --evidence, or --allow-data-loss &#39;urn:pulumi:shop::fidus::hcloud:index/volume:Volume::gone&#39;</code>

    List prices of 2026-09-09, net, fixed cost only; lowest confidence H; before = the deployed stack.

    #### Risks (2)

    |  | Rule | Resource | What | What to do |
    | --- | --- | --- | --- | --- |
    | ✗ | <code>data-loss</code> | <code>gone</code> | <code>delete would lose: disk</code> | <code>--allow-data-loss &#39;urn:pulumi:shop::fidus::hcloud:index/volume:Volume::gone&#39;, once it may be lost</code> |
    | ! | <code>price-age</code> | <code>shop</code> | <code>the prices are 73 days old: disk was read on 2026-09-09</code> | <code>./fidus prices refresh hetzner</code> |

    #### Changes (2)

    |  | Resource | Type | Before | After | Difference | Downtime | Data |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | &#126; | <code>web</code> | <code>hcloud:index/server:Server</code> | 6.99 EUR | 16.49 EUR | +9.50 EUR | <code>restart</code> |  |
    | &#45; | <code>gone</code> | <code>hcloud:index/volume:Volume</code> | 1.14 EUR | 0.00 EUR | -1.14 EUR | <code>none</code> | <code>at-risk: disk</code> |

    #### Lines of the changes (3)

    | Resource | Line | Quantity | Unit | Price | A month |
    | --- | --- | --- | --- | --- | --- |
    | <code>web</code> | <code>server cx43</code> | 1 | <code>month</code> | 11.99 | 11.99 EUR |
    | <code>web</code> | <code>server cx43: ordered anew at today&#39;s price, 11.99 → 15.99</code> | 1 | <code>month</code> | 4 | 4.00 EUR |
    | <code>web</code> | <code>IPv4 that comes with the server</code> | 1 | <code>month</code> | 0.50 | 0.50 EUR |

    <details><summary>Billed by use, without a figure (1)</summary>

    | Resource | Line | Price | Unit | Read | Figure |
    | --- | --- | --- | --- | --- | --- |
    | <code>web</code> | <code>traffic beyond what is included</code> | 1.00 EUR | <code>TB</code> | <code>2026-09-09</code> | <code>extra-traffic-tb</code> |

    </details>

    <details><summary>Unchanged (1)</summary>

    |  | Resource | Type | Before | After | Difference | Downtime | Data |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    |  | <code>kept</code> | <code>hcloud:index/volume:Volume</code> | 0.57 EUR | 0.57 EUR | ±0.00 EUR | <code>none</code> |  |

    </details>
    "
  `);
});

test("a plan that the engine refuses shows no amount", () => {
  const refused = card([{ op: "delete", type: disk, inputs }], { diagnostics: [{ severity: "error", message: "protected" }] });
  expect(renderMarkdown(refused)).toContain("### <code>shop</code> ? no amount: the engine refuses this plan");
  expect(renderTerminal(refused)).toContain("Exit 1: refused by the engine\n  the engine refuses: protected");
});

describe.each([
  ["a tag", "<img src=x onerror=alert(1)>"],
  ["a comment's end", "--><script>x</script><!--"],
  ["a link", "[click](https://evil.test)"],
  ["a bare link", "https://evil.test and www.evil.test"],
  ["a mention and an issue", "@everyone #1 GH-1 evil/repo#2"],
  ["a table", "a | b\n| --- |\n| c |"],
  ["code and its end", "`code` ``` </code></details>"],
  ["emphasis", "**bold** __bold__ ~~gone~~ _it_"],
  ["an entity", "&lt;script&gt; &#60;b&#62;"],
  ["a workflow command", "\n::set-output name=x::y\n##[error]z\r\n::add-mask::q"],
  ["terminal codes", "\u001b]0;title\u0007\u001b[2J\u009b31mred"],
  ["hidden and turned text", "a\u202eb\u2066c\u200bd\ufeff\u{e0041}\u3164\u180e"],
  ["an endless name", "x".repeat(100_000)],
])("%s in a name", (_, hostile) => {
  const of = card([
    { op: "delete", type: disk, name: hostile, inputs },
    { type: `acme:${hostile}:T`, name: hostile },
    { type: server, inputs: { ...inputs, serverType: hostile } },
  ]);

  test("changes nothing in Markdown: no tag, link, mention, table or line of its own", () => {
    const text = renderMarkdown(of);
    const tame = renderMarkdown(
      card([
        { op: "delete", type: disk, name: "n", inputs },
        { type: "acme:n:T", name: "n" },
        { type: server, inputs: { ...inputs, serverType: "n" } },
      ]),
    );
    // eslint-disable-next-line no-control-regex -- only what is harmless counts as the inside of code
    const inside = /<code>[^<>[\]|`@*_#\\~\u0000-\u001f]*<\/code>/g;
    const shape = (markdown: string): string[] => markdown.split("\n").map((line) => line.replaceAll(inside, "<code></code>"));
    expect(shape(text.replaceAll(/&#\d+;/g, ""))).toEqual(shape(tame.replaceAll(/&#\d+;/g, "")));
    expect(text).not.toMatch(/:\/\/|www\./);
    expect(text.length).toBeLessThan(65_000);
  });

  test("neither moves a terminal nor commands a CI runner", () => {
    const text = renderTerminal(of);
    // eslint-disable-next-line no-control-regex -- nothing of these may be left
    const left = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0041}\u3164\u180e]/u;
    expect(text).not.toMatch(left);
    expect(text.split("\n").filter((line) => /^\s*::|##\[/.test(line))).toEqual([]);
  });
});

test("a comment stays within the host's limit and counts the rows that did not fit", () => {
  const many = Array.from({ length: 3_000 }, (_, index): Step => ({
    type: disk,
    name: `disk-${"|".repeat(50)}-${index}`,
    inputs: { ...inputs, size: 10 },
  }));
  const text = renderMarkdown(card(many));
  expect(text.length).toBeLessThanOrEqual(65_000);
  expect(text).toContain("more rows: see the card's JSON.");
  expect(text).toContain("0.00 → 1,716.00 EUR a month (+1,716.00)");
  const gone = Array.from({ length: 500 }, (_, index): Step => ({
    op: "delete",
    type: disk,
    name: `${index}${"|".repeat(500)}`,
    inputs,
  }));
  const lost = renderMarkdown(card(gone));
  expect(lost.length).toBeLessThanOrEqual(65_000);
  expect(lost).toContain("- 480 more: see the card's JSON.");
});

test("what lies beyond the basic characters is shown whole", () => {
  expect(renderMarkdown(card([{ type: disk, name: "disk 💾", inputs: { ...inputs, size: 10 } }]))).toContain(
    "<code>disk &#128190;</code>",
  );
});

test("the published JSON Schema is the one that cards keep: npm run docs", () => {
  for (const [file, text] of publishedSchemas())
    expect(readFileSync(join(import.meta.dirname, "../card", file), "utf8"), file).toBe(text);
});
