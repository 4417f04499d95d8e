import { problemUnless, type Problem } from "../../core/errors.ts";
import { ownRuntime } from "../own-runtime.ts";
import type { ConfigOf } from "../types.ts";
import { needed, rule, type Rule } from "./rule.ts";

type Community = ConfigOf<"community">;

/** Settings of the application that need each other; what a table of runtimes may say, the application judges before it starts. */
export const appSettingsRules: readonly Rule<Community>[] = [
  rule(["llmRuntimes", "llmKeys", "llmRuntime", "llmBaseUrl", "model"], tableProblems),
  rule(["llmRuntimes", "llmKeys"], ({ llmRuntimes, llmKeys }) =>
    llmKeys === null ? [] : needed("llmRuntimes", llmRuntimes, "the runtimes that llmKeys are for", setTable),
  ),
  rule(["authProvider", "environment"], ({ authProvider, environment }) =>
    problemUnless(authProvider !== "mock" || environment === "development", {
      path: "authProvider",
      got: authProvider,
      rule: "another provider outside environment development: mock lets anybody in as anybody",
      fix: "pulumi config set authProvider local",
    }),
  ),
  rule(["authProvider", "oidcIssuer", "oidcClientId", "oidcClientSecret"], providerProblems),
  rule(["langfuseUrl", "langfusePublicKey", "langfuseSecretKey"], ({ langfuseUrl, langfusePublicKey, langfuseSecretKey }) =>
    langfuseUrl === null
      ? []
      : [
          ...needed(
            "langfusePublicKey",
            langfusePublicKey,
            "the key of a project",
            "pulumi config set langfusePublicKey pk-lf-…",
          ),
          ...needed(
            "langfuseSecretKey",
            langfuseSecretKey,
            "the key of a project",
            "pulumi config set --secret langfuseSecretKey",
          ),
        ],
  ),
];

type Table = Pick<Community, "llmRuntimes" | "llmKeys" | "llmRuntime" | "llmBaseUrl" | "model">;

const setTable = "pulumi config set llmRuntimes < runtimes.json";

function tableProblems({ llmRuntimes, llmKeys, llmRuntime, llmBaseUrl, model }: Table): Problem[] {
  if (llmRuntimes === null) return [];
  const runtimes = members(llmRuntimes["runtimes"]);
  const models = Object.keys(members(llmRuntimes["models"]));
  const names = Object.keys(runtimes);
  const open = names.filter((name) => ["apiKey", "apiKeyFile"].some((member) => member in members(runtimes[name])));
  const keyed = typeof llmKeys === "string" || llmKeys === null ? [] : Object.keys(llmKeys);
  return [
    ...problemUnless(names.length > 0, {
      path: "llmRuntimes.runtimes",
      got: llmRuntimes["runtimes"],
      rule: "one runtime or more",
      fix: setTable,
    }),
    ...open.map((name) => ({
      path: `llmRuntimes.runtimes.${name}`,
      got: "a key",
      rule: "a table without keys: plans and state show it",
      fix: "pulumi config set --secret llmKeys < keys.json",
    })),
    ...keyed
      .filter((name) => !names.includes(name))
      .map((name) => ({ path: `llmKeys.${name}`, got: "a key", rule: `one of ${names.join(", ")}`, fix: setTable })),
    ...problemUnless(models.length === 0 || models.includes(model), {
      path: "model",
      got: model,
      rule: `one of llmRuntimes.models: ${models.join(", ")}`,
      fix: `pulumi config set model ${models[0] ?? ""}`,
    }),
    ...problemUnless(!ownRuntime(llmRuntime, llmBaseUrl).gateway, {
      path: "llmRuntime",
      got: llmRuntime,
      rule: "another one beside llmRuntimes, which does what the gateway would",
      fix: "./fidus choose --runtime embedded",
    }),
  ];
}

type Provider = Pick<Community, "authProvider" | "oidcIssuer" | "oidcClientId" | "oidcClientSecret">;

function providerProblems({ authProvider, oidcIssuer, oidcClientId, oidcClientSecret }: Provider): Problem[] {
  if (authProvider === "local" || authProvider === "mock") return [];
  const why = `a value for authProvider ${authProvider}`;
  return [
    ...needed("oidcIssuer", oidcIssuer, why, "pulumi config set oidcIssuer https://id.fidus.test/realms/fidus"),
    ...needed("oidcClientId", oidcClientId, why, "pulumi config set oidcClientId fidus"),
    ...needed("oidcClientSecret", oidcClientSecret, why, "pulumi config set --secret oidcClientSecret"),
    ...problemUnless(oidcIssuer === null || oidcIssuer.startsWith("https://"), {
      path: "oidcIssuer",
      got: oidcIssuer,
      rule: "an https:// URL",
      fix: "pulumi config set oidcIssuer https://id.fidus.test/realms/fidus",
    }),
  ];
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
