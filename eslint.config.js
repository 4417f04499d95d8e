import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import globals from "globals";
import tseslint from "typescript-eslint";
import { noOutputInTemplate } from "./tests/lint/no-output-in-template.js";
import { tsEndings } from "./tests/lint/ts-endings.js";

// Import direction (docs/decisions/0010): a folder imports only from folders to its left.
const chain = ["core", "config", "images", ["docker", "hosts", "ha", "aws", "kubernetes", "dns"], ["backup", "monitoring"]];
const position = (folder) => chain.findIndex((entry) => [entry].flat().includes(folder));
const infraFolders = chain.flat();

/** Patterns of imports that a file in infra/<folder> must not have. */
function forbiddenIn(folder) {
  const right = infraFolders.filter((other) => other !== folder && position(other) >= position(folder));
  return [
    {
      group: right.map((other) => `**/${other}/*`).concat(right.map((other) => `**/${other}/**`)),
      message: `infra/${folder} imports only from folders to its left: core ← config ← images ← docker|hosts|ha|aws|kubernetes|dns ← backup|monitoring ← stacks.`,
    },
    outside("infra imports from no other part of the repository", [
      "app",
      "cli",
      "cost",
      "stacks",
      "toolchain",
      "tests",
      "bench",
    ]),
  ];
}

function outside(message, folders) {
  return { group: folders.flatMap((folder) => [`**/../${folder}/**`, `../${folder}/**`]), message: `${message}.` };
}

const restrict = (files, patterns, ignores = []) => ({
  files,
  ignores: ["**/*.test.ts", ...ignores],
  rules: { "no-restricted-imports": ["error", { patterns }] },
});

export default tseslint.config(
  { ignores: ["**/node_modules/", ".fidus/", "coverage/", "app/web/dist/", "**/*.d.ts"] },
  js.configs.recommended,
  tseslint.configs.recommended,
  {
    languageOptions: { globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    plugins: { fidus: { rules: { "no-output-in-template": noOutputInTemplate, "ts-endings": tsEndings } } },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-var": "error",
      "prefer-const": "error",
      "no-promise-executor-return": "off",
    },
  },
  {
    files: ["**/*.ts", "**/*.tsx"],
    rules: {
      "fidus/ts-endings": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/ban-ts-comment": ["error", { "ts-expect-error": "allow-with-description" }],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": [
        "error",
        { fixStyle: "inline-type-imports", disallowTypeAnnotations: false },
      ],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-namespace": "error",
      "@typescript-eslint/parameter-properties": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      // The compiler knows the names; the rule does not know types.
      "no-undef": "off",
      "no-restricted-syntax": [
        "error",
        { selector: "TSEnumDeclaration", message: "A closed set is an `as const` table (STYLE §1)." },
        { selector: "TSImportEqualsDeclaration", message: "ES modules only." },
        { selector: "TSExportAssignment", message: "ES modules only." },
      ],
    },
  },
  {
    // Where a forgotten promise is a lost error: with types, so only for the code that ships.
    files: [
      "infra/**/*.ts",
      "stacks/**/*.ts",
      "cli/**/*.ts",
      "toolchain/**/*.ts",
      "app/src/**/*.ts",
      "cost/**/*.ts",
      "ci/**/*.ts",
    ],
    ignores: ["**/*.test.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": ["error", { ignoreVoid: true }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { arguments: false, attributes: false } }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/await-thenable": "error",
    },
  },
  {
    files: ["infra/**/*.ts", "stacks/**/*.ts"],
    ignores: ["**/*.test.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: { "fidus/no-output-in-template": "error" },
  },
  ...infraFolders.map((folder) => restrict([`infra/${folder}/**`], forbiddenIn(folder))),
  restrict(["stacks/**"], [outside("a stack imports only infra", ["app", "cli", "cost", "toolchain", "tests", "bench"])]),
  restrict(
    ["app/**"],
    [outside("app shares only contracts with the rest", ["infra", "cli", "cost", "stacks", "toolchain", "tests", "bench"])],
  ),
  restrict(
    ["cost/**"],
    [outside("cost reads plan JSON, never components", ["app", "ci", "cli", "stacks", "toolchain", "tests", "bench"])],
  ),
  restrict(["toolchain/**"], [outside("toolchain imports only infra/core", ["app", "cli", "cost", "stacks", "tests", "bench"])]),
  restrict(
    ["cli/**"],
    [
      outside("the CLI imports only infra/core, infra/config, infra/images and toolchain", ["app", "stacks", "bench"]),
      {
        group: ["docker", "hosts", "ha", "aws", "kubernetes", "dns", "backup", "monitoring"].map(
          (folder) => `**/infra/${folder}/**`,
        ),
        message: "The CLI talks to components through stack outputs.",
      },
    ],
  ),
  {
    files: ["**/*.test.ts", "tests/**"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off", "@typescript-eslint/explicit-module-boundary-types": "off" },
  },
  { files: ["app/web/**", "tests/browser/**"], languageOptions: { globals: globals.browser } },
  prettier,
);
