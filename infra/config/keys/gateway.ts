import type { KeySpec } from "../spec.ts";

/** Names and forms that the application's own settings take; tests/app-settings.test.ts holds both against each other. */
const countOrNone = { pattern: /^(none|[1-9]\d{0,8})$/, rule: "a whole number from 1, or none" };
const usdOrNone = { pattern: /^(none|\d{1,6}(\.\d{1,9})? USD)$/, rule: "an amount such as 50 USD, or none" };
const price = String.raw`\d{1,6}(\.\d{1,3})?`;
const priceRow = String.raw`\s*[^\s=,]+\s*=\s*${price}/${price}\s*`;

/** Who may be asked, for how much, and how often. */
export const gatewayKeys = {
  llmRuntimes: {
    type: "json",
    default: null,
    editions: ["community"],
    effect: "restart",
    example: '{"runtimes":{"local":{"kind":"embedded"}}}',
    about:
      "Several runtimes, aliases, routing and fall-backs, as docs/gateway.md describes them; without API keys, which belong into llmKeys. llmRuntime still says what the stack itself runs.",
  },
  llmKeys: {
    type: "map",
    secret: true,
    default: null,
    editions: ["community"],
    effect: "restart",
    about: "API key per name of a runtime in llmRuntimes.",
  },
  llmPrices: {
    type: "string",
    form: {
      pattern: new RegExp(`^${priceRow}(;${priceRow})*;?$`),
      rule: "model=INPUT/OUTPUT in USD per million tokens, split by semicolons, three decimals at most",
    },
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "gpt-4o-mini=0.15/0.60;gpt-4o=2.50/10",
    about: "What models cost; a vendor's model that is not named costs its list price, any other nothing.",
  },
  llmBudget: {
    type: "string",
    form: usdOrNone,
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "100 USD",
    about:
      "What a tenant may spend on models in 30 days, unless an administrator set another budget; absent: 100 USD, in development 50 USD.",
  },
  llmBudgetAlert: {
    type: "string",
    form: usdOrNone,
    default: "20 USD",
    editions: ["community"],
    effect: "restart",
    about: "Spending in 30 days from which on a warning is logged.",
  },
  llmMaxOutputTokens: {
    type: "string",
    form: countOrNone,
    default: "none",
    editions: ["community"],
    effect: "restart",
    about: "Longest answer anybody may ask for, in tokens.",
  },
  llmContextTokens: {
    type: "integer",
    between: [256, 1_048_576],
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "8192",
    about: "Tokens of question and answer together, of the embedded runtime and of what the page asks; absent: 4096.",
  },
  rateLimitPerCaller: {
    type: "string",
    form: countOrNone,
    default: "6000",
    editions: ["community"],
    effect: "restart",
    about: "Requests per minute of one API key, or one person on the page.",
  },
  rateLimitPerAddress: {
    type: "string",
    form: countOrNone,
    default: "12000",
    editions: ["community"],
    effect: "restart",
    about: "Requests per minute from one address.",
  },
  tokenLimitPerCaller: {
    type: "string",
    form: countOrNone,
    default: "10000000",
    editions: ["community"],
    effect: "restart",
    about: "Tokens per minute, of questions and answers, of one API key, or one person on the page.",
  },
  cloudRedaction: {
    type: "choice",
    allowed: ["on", "text", "off"],
    default: "on",
    editions: ["community"],
    effect: "restart",
    about:
      "What models outside the house get: on replaces personal data and holds back pictures and files, text lets those pass, off changes nothing.",
  },
  responseCache: {
    type: "choice",
    allowed: ["off", "caller", "tenant"],
    default: "off",
    editions: ["community"],
    effect: "restart",
    about: "Whose answers may be given again to an identical request: nobody's, the caller's own, or all of the tenant.",
  },
  responseCacheSeconds: {
    type: "integer",
    between: [1, 2_592_000],
    default: 3600,
    editions: ["community"],
    effect: "restart",
    about: "How long an answer is kept for identical requests.",
  },
} as const satisfies Record<string, KeySpec>;
