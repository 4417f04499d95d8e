import { matches, type Detector, type Span } from "../kinds.ts";

/** Keys whose makers gave them a form of their own. */
const prefixed = new RegExp(
  `(?<![\\w-])(?:${[
    "sk-[\\w-]{20,200}", // OpenAI, Anthropic and those that took over their form
    "(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,200}", // Stripe
    "gh[pousr]_[A-Za-z0-9]{36,255}",
    "github_pat_\\w{22,255}",
    "glpat-[\\w-]{20,100}",
    "(?:AKIA|ASIA)[A-Z0-9]{16}",
    "AIza[\\w-]{35}",
    "xox[abeoprs]-[\\w-]{10,250}",
    "hf_[A-Za-z0-9]{30,100}",
    "npm_[A-Za-z0-9]{36}",
    "pypi-[\\w-]{50,250}",
    "SG\\.[\\w-]{16,32}\\.[\\w-]{16,64}",
    "do[opr]_v1_[a-f0-9]{64}",
    "fidus_[\\w-]{20,200}",
    "eyJ[\\w-]{8,4096}\\.eyJ[\\w-]{8,8192}\\.[\\w-]{8,2048}", // JSON web tokens
  ].join("|")})(?![\\w-])`,
  "g",
);
const privateKey = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8192}?-----END [A-Z ]{0,30}PRIVATE KEY-----/g;

export const secret: Detector = {
  kind: "SECRET",
  *find(text): Generator<Span> {
    yield* matches(text, prefixed);
    if (text.includes("PRIVATE KEY-----")) yield* matches(text, privateKey);
  },
};
