import { strToU8, zipSync } from "fflate";
import { beforeEach, expect, test } from "vitest";
import { commentOnRun } from "../ci/comment/comment-on-run.ts";
import { buildCard, readPlan, type Card } from "../cost/index.ts";
import { change, recordedStarter } from "./recorded-preview.ts";
import { GitHubStandIn } from "./tools/github-api.ts";

/** The workflow that has the right to comment, against a stand-in of GitHub's API: what it posts, and what it does not. */
const sha = "0123456789abcdef0123456789abcdef01234567";
const repository = { id: 1, full_name: "acme/fidus" };
const fork = { id: 2, full_name: "stranger/fidus", owner: { login: "stranger" } };
const run = { id: 77, event: "pull_request", head_sha: sha, head_branch: "change", head_repository: fork };
const own = { number: 5, state: "open", head: { sha, repo: { id: 2 } }, base: { repo: { id: 1 } } };
let github: GitHubStandIn;

beforeEach(async () => {
  github = await GitHubStandIn.start();
  github.pulls.push(structuredClone(own));
  return () => github[Symbol.asyncDispose]();
});

function card(): Card {
  const plan = readPlan(named(change("Volume", "update", { size: 100 })(recordedStarter())), "plan.json");
  return buildCard(plan, { today: "2026-11-21" });
}

const zipped = (files: Readonly<Record<string, string | Uint8Array>>): Uint8Array =>
  zipSync(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [name, typeof text === "string" ? strToU8(text) : text])),
  );

/** A recorded plan as that of the stack "starter". */
function named(plan: unknown): string {
  return JSON.stringify(plan).replaceAll("urn:pulumi:shop::", "urn:pulumi:starter::");
}
function handOver(content: unknown = card(), name = "card-starter", file = "starter.json"): void {
  github.artifacts.push({ name, zip: zipped({ [file]: typeof content === "string" ? content : JSON.stringify(content) }) });
}

interface Ended {
  readonly code: number;
  readonly said: string;
}

async function comment(event: object = { repository, workflow_run: run }): Promise<Ended> {
  const told = { api: github.url, server: "https://github.test", token: "token-of-a-test", event: JSON.stringify(event) };
  return commentOnRun(told).then(
    (said) => ({ code: 0, said }),
    (error: unknown) => ({ code: 1, said: error instanceof Error ? error.message : String(error) }),
  );
}

test("a card becomes one comment, and a second run changes it in place", async () => {
  handOver();
  expect(await comment()).toMatchObject({ code: 0, said: "Posted to pull request 5." });
  expect(github.writes).toEqual(["POST /issues/5/comments"]);
  // 60 GB more × 0.0572
  expect(github.comments[0]!.body).toContain("35.48 → 38.91 EUR a month (+3.43)");
  expect(github.comments[0]!.body).toContain("https://github.test/acme/fidus/actions/runs/77");
  github.artifacts.length = 0;
  handOver(buildCard(readPlan(named(recordedStarter()), "plan.json"), { today: "2026-11-21" }));
  expect(await comment()).toMatchObject({ code: 0 });
  expect(github.writes).toEqual(["POST /issues/5/comments", "PATCH /issues/comments/1000"]);
  expect(github.comments).toHaveLength(1);
  expect(github.comments[0]!.body).toContain("35.48 → 35.48 EUR a month (±0.00)");
});

test("only the workflow's own comment is changed: not a stranger's with the same marker, and not another one of its own", async () => {
  const others = [
    { id: 1, body: "<!-- fidus-cards -->\nmine", user: { login: "stranger" } },
    { id: 2, body: "Thanks!", user: { login: "github-actions[bot]" } },
    ...Array.from({ length: 120 }, (_, index) => ({ id: 3 + index, body: "talk", user: { login: "somebody" } })),
  ];
  github.comments.push(...structuredClone(others));
  handOver();
  expect((await comment()).code).toBe(0);
  expect((await comment()).code).toBe(0);
  expect(github.comments.slice(0, others.length)).toEqual(others);
  expect(github.comments).toHaveLength(others.length + 1);
});

test("the pull request is the one whose head the run had: an older push, another repository and a closed one get nothing", async () => {
  handOver();
  for (const pull of [
    { ...own, head: { sha: "f".repeat(40), repo: { id: 2 } } },
    { ...own, head: { sha, repo: { id: 3 } } },
    { ...own, head: { sha, repo: null } },
    { ...own, base: { repo: { id: 9 } } },
    { ...own, state: "closed" },
  ]) {
    github.pulls.splice(0, 1, pull);
    expect(await comment()).toMatchObject({ code: 0, said: expect.stringContaining("nothing to post") });
  }
  github.pulls.splice(0, 1, own, { ...own, number: 6 });
  expect(await comment()).toMatchObject({ code: 1, said: expect.stringContaining("2 open pull requests have this head") });
  expect(await comment({ repository, workflow_run: { ...run, event: "push" } })).toMatchObject({ code: 1 });
  expect(github.writes).toEqual([]);
});

const hostile = "</code><script>alert(1)</script> @everyone [x](javascript:1) <<!--";
const huge = "x".repeat(4_100_000);

test.each<[string, () => void, string]>([
  ["no artifact", () => {}, "made none"],
  [
    "a larger artifact than it says",
    () => github.artifacts.push({ name: "card-starter", zip: Buffer.alloc(1_100_000), size: 9 }),
    "larger",
  ],
  [
    "an artifact that says it is large",
    () => github.artifacts.push({ name: "card-starter", zip: zipped({}), size: 2e9 }),
    "larger",
  ],
  ["a card that unpacks to more than a card", () => handOver(huge), "larger than it can be"],
  [
    "a file beside the card",
    () =>
      github.artifacts.push({ name: "card-starter", zip: zipped({ "starter.json": JSON.stringify(card()), "run.sh": "id" }) }),
    "other files",
  ],
  ["a path out of the folder", () => handOver(card(), "card-starter", "../../.github/starter.json"), "other files"],
  ["an absolute path", () => handOver(card(), "card-starter", "/etc/starter.json"), "other files"],
  ["a script in the artifact's name", () => handOver(card(), `card-${hostile}`), "no stack can have"],
  ["a path in the artifact's name", () => handOver(card(), "card-../starter"), "no stack can have"],
  ["the same artifact twice", () => [handOver(), handOver()], "same name"],
  [
    "more artifacts than stacks",
    () => void Array.from({ length: 11 }, (_, index) => handOver(card(), `card-s${index}`)),
    "more artifacts",
  ],
  ["another stack's card", () => handOver({ ...card(), stack: "pro" }), "another stack"],
  ["a pull request's number in the card", () => handOver({ ...card(), pullRequest: 1 }), "no card"],
  ["an amount that is none", () => handOver({ ...card(), totals: [{ ...card().totals[0], after: hostile }] }), "no card"],
  [
    "an amount of a million digits",
    () => handOver({ ...card(), totals: [{ ...card().totals[0], after: "9".repeat(1e6) }] }),
    "no card",
  ],
  ["a date that is none", () => handOver({ ...card(), priceDate: hostile }), "no card"],
  ["a list for a card", () => handOver("[".repeat(100_000)), "no card"],
  ["no zip at all", () => github.artifacts.push({ name: "card-starter", zip: strToU8("hello") }), "cannot be unpacked"],
  ["an empty zip", () => github.artifacts.push({ name: "card-starter", zip: zipped({}) }), "empty"],
])("%s is refused, and the comment says nothing but that", async (_, make, reason) => {
  make();
  const { code, said } = await comment();
  expect(code, said).toBe(1);
  expect(said).toContain(reason);
  expect(github.writes).toEqual(["POST /issues/5/comments"]);
  const { body } = github.comments[0]!;
  expect(body).toMatch(
    /^<!-- fidus-cards -->\n### What this change costs, interrupts and endangers\n\n\*\*No card\.\*\* [\w ,.;]+\n\nOf commit 0123456789, /,
  );
  expect(body).not.toMatch(/script|EUR|everyone/);
});

test("what a card says in free text is shown as it is: no tag, link, mention or HTML comment gets out of it", async () => {
  const plan = card();
  const resource = {
    ...plan.resources[0]!,
    urn: `urn:pulumi:starter::fidus::t::${hostile}`,
    op: "update" as const,
    type: "<<!--",
  };
  const finding = { rule: hostile, urn: hostile, level: "violation" as const, message: hostile, fix: hostile };
  handOver({ ...plan, base: hostile, baseline: "base", resources: [resource], findings: [finding], failure: hostile });
  expect((await comment()).code).toBe(0);
  const { body } = github.comments[0]!;
  expect(body.match(/<!--/g)).toHaveLength(1);
  expect(body.replaceAll(/<code>[^<>]*<\/code>/g, "")).not.toMatch(/script|@everyone|javascript/);
  expect(body.replaceAll(/<\/?(code|details|summary)( open)?>/g, "").match(/<(?!!-- fidus-cards -->)/g)).toBeNull();
});

test("ten cards that are too long for one comment are shortened until they fit, the table of all last", async () => {
  const one = card();
  const resources = Array.from({ length: 600 }, (_, index) => ({
    ...one.resources[2]!,
    urn: `${one.resources[2]!.urn}-${index}`,
    op: "update" as const,
  }));
  for (let index = 0; index < 10; index += 1) {
    const stack = `s${index}`;
    handOver({ ...one, stack, resources }, `card-${stack}`, `${stack}.json`);
  }
  expect(await comment()).toMatchObject({ code: 0 });
  const { body } = github.comments[0]!;
  expect(body.length).toBeLessThanOrEqual(65_536);
  for (let index = 0; index < 10; index += 1) expect(body).toContain(`| <code>s${index}</code> |`);
  expect(body).toContain("more rows: see the card&#39;s JSON.".replace("&#39;", "'"));
});
