/** Prices any Pulumi preview: `renderMarkdown(buildCard(readPlan(text, "plan.json"), { today: "2026-11-21" }))`. */
export { buildCard } from "./card/build.ts";
export { parseEvidence, type Evidence } from "./card/evidence.ts";
export { readOptions, type GivenOptions } from "./card/given-options.ts";
export { parseDay, parseIncrease, parseMoney, parseRate, type CardOptions } from "./card/options.ts";
export { cardSchema, cardSetSchema, type Card, type CardSet } from "./card/schema.ts";
export { buildCardSet, type SetPlan } from "./card/set.ts";
export { parseUsage, type Usage } from "./card/usage.ts";
export { readPlan, refuseFailed, type Plan } from "./plan/read.ts";
export { commentMarker, renderComment, renderFailure } from "./render/comment.ts";
export { renderMarkdown, renderSetMarkdown } from "./render/markdown.ts";
export { renderSetTerminal, renderTerminal } from "./render/terminal.ts";
