import { existsSync, renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument, type Document } from "yaml";
import type { Edition } from "../infra/config/spec.ts";
import { sealed } from "../infra/config/sealed.ts";
import { cannotGoOn } from "./errors.ts";
import type { Installation } from "./installation.ts";
import type { Paths } from "./paths.ts";
import { configuredStacks, notOperable } from "./stacks.ts";

const project = "fidus";

/** One stack's config file, kept outside the checkout: choices, secrets (encrypted) and salt. */
export interface StackConfigFile {
  readonly file: string;
  /** Plain values by key without the project's prefix; a secret reads as "[secret]". */
  entries(): Readonly<Record<string, string>>;
  /** Keys whose values are encrypted. */
  secrets(): ReadonlySet<string>;
  /** Sets plain values; null removes. Secrets go through `pulumi config set --secret`. */
  set(values: Readonly<Record<string, string | null>>): void;
  /** The engine's salt, "" before the stack exists. */
  salt(): string;
  setSalt(salt: string): void;
  /** Writes the file in one step; nothing is written when nothing changed. */
  save(): Promise<void>;
}

/**
 * Opens the stack's config; keys of the edition's committed stack file that it lacks are taken over.
 * Throws exit 1 when a file is not YAML, or the stack is of another edition than the caller can handle.
 */
export async function openStackConfig(
  paths: Paths,
  installation: Installation,
  stack: string,
  edition: Edition,
): Promise<StackConfigFile> {
  const file = installation.stackConfigFile(stack);
  const before = existsSync(file) ? await readFile(file, "utf8") : "";
  const document = parse(file, before);
  for (const [key, value] of await committedEntries(paths, edition)) {
    if (!document.hasIn(["config", key])) document.setIn(["config", key], value);
  }
  const own = String(document.getIn(["config", `${project}:edition`]));
  if (own !== edition) throw notOperable(stack, own);
  return wrap(file, before, document);
}

/** Opens the config of a stack that exists, of whatever edition, as it is. Throws exit 1 when it is not YAML. */
export async function readStackConfig(
  installation: Pick<Installation, "stackConfigFile">,
  stack: string,
): Promise<StackConfigFile> {
  const file = installation.stackConfigFile(stack);
  const text = await readFile(file, "utf8");
  return wrap(file, text, parse(file, text));
}

/** Configured stacks of one edition, sorted. */
export async function stacksOf(installation: Installation, edition: Edition): Promise<string[]> {
  const stacks = await configuredStacks(installation);
  const own = await Promise.all(stacks.map(async (stack) => (await readStackConfig(installation, stack)).entries()["edition"]));
  return stacks.filter((_, index) => own[index] === edition);
}

/** What the checkout says for every stack of the edition; enterprise's file is that of its global stack. */
async function committedEntries(paths: Paths, edition: Edition): Promise<[string, unknown][]> {
  if (edition === "enterprise-region") return [[`${project}:edition`, edition]];
  const file = join(paths.checkout, `Pulumi.${edition === "enterprise-global" ? "enterprise" : edition}.yaml`);
  return configEntries(parse(file, await readFile(file, "utf8")));
}

function wrap(file: string, before: string, document: Document): StackConfigFile {
  return {
    file,
    entries: () => Object.fromEntries(ownEntries(document)),
    secrets: () => new Set(ownEntries(document).flatMap(([key, text]) => (text === sealed ? [key] : []))),
    set(values) {
      for (const [key, value] of Object.entries(values)) {
        if (value === null) document.deleteIn(["config", `${project}:${key}`]);
        else document.setIn(["config", `${project}:${key}`], value);
      }
    },
    salt: () => String(document.get("encryptionsalt") ?? ""),
    setSalt: (salt) => document.set("encryptionsalt", salt),
    async save() {
      const text = document.toString({ lineWidth: 0 });
      if (text === before) return;
      const temporary = `${file}.${process.pid}.partial`;
      // Not to be interrupted: parts of one `up` that run side by side save the same file.
      writeFileSync(temporary, text, { mode: 0o600 });
      renameSync(temporary, file);
    },
  };
}

function parse(file: string, text: string): Document {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error === undefined) return document;
  throw cannotGoOn("A stack's config cannot be read", [
    { path: file, got: error.message.split("\n", 1)[0], rule: "YAML", fix: `Mend it by hand: ${file}` },
  ]);
}

function configEntries(document: Document): [string, unknown][] {
  const plain: unknown = document.toJS();
  if (typeof plain !== "object" || plain === null || !("config" in plain)) return [];
  const { config } = plain;
  return typeof config === "object" && config !== null ? Object.entries(config) : [];
}

/** Fidus' own keys, without the project's prefix; a provider's (`aws:region`) are the engine's business. */
function ownEntries(document: Document): [string, string][] {
  const prefix = `${project}:`;
  return configEntries(document)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), textOf(value)]);
}

function textOf(value: unknown): string {
  if (typeof value === "object" && value !== null) return "secure" in value ? sealed : JSON.stringify(value);
  return String(value);
}
