import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { commands } from "../cli/commands/index.ts";
import type { CliContext } from "../cli/context.ts";
import { createProgram } from "../cli/program.ts";
import { keys } from "../infra/config/keys.ts";
import { llmRuntimes } from "../infra/config/keys/app.ts";
import { models } from "../infra/core/models.ts";
import { repositoryFiles } from "./sources.ts";
import { rounded } from "../cost/money.ts";
import { proPlanOf } from "../infra/hosts/testing.ts";
import { hostDocs, monthlyOf, withHostTables } from "./write-host-tables.ts";
import { modelDocs, withModelTable } from "./write-model-table.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const documents = repositoryFiles(root).filter((path) => path.endsWith(".md") && !path.includes("/node_modules/"));
/** Written by scripts of their own, perhaps after this test ran. */
const generated = ["docs/images/chat.png", "docs/measurements.md", "docs/requirements.md"];

describe("the documents", () => {
  test("name only commands and options that exist", () => {
    const unused = { paths: {} } as CliContext; // Registering a command reads nothing of it.
    const program = createProgram({ version: "0", commands, write: () => {} }, () => unused);
    const wrong = documents.flatMap((path) =>
      commandLines(read(path)).flatMap((line) => unknownParts(program, line).map((part) => `${path}: ${line}: ${part}`)),
    );
    expect(wrong).toEqual([]);
  });

  test("name only configuration keys, runtimes and models that exist", () => {
    const wrong = documents.flatMap((path) => {
      const text = read(path);
      const set = [...text.matchAll(/pulumi config set (?:--secret )?(\w+)/g)].map(([, key = ""]) => key);
      const runtimes = [...text.matchAll(/--runtime ([a-z-]+)/g)].map(([, name = ""]) => name);
      const chosen = [...text.matchAll(/--model ([a-z][\w.]*:[\w.]+)/g)].map(([, id = ""]) => id);
      return [
        ...set.filter((key) => !Object.hasOwn(keys, key)),
        ...runtimes.filter((name) => !(llmRuntimes as readonly string[]).includes(name)),
        ...chosen.filter((id) => !models.some((model) => model.id === id)),
      ].map((name) => `${path}: ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  test("link only to files and headings that exist", () => {
    const broken = documents.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)]
        .map(([, link = ""]) => link)
        .filter((link) => !leads(path, link))
        .map((link) => `${path}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  test("show the table of models as it is (npm run docs)", async () => {
    expect(await withModelTable(read(modelDocs))).toBe(read(modelDocs));
  });

  test("show the hosts of both topologies of pro as they are (npm run docs)", async () => {
    expect(await withHostTables(read(hostDocs))).toBe(read(hostDocs));
  });

  test("price a host of pro by its first type and an address, from the card's table", () => {
    const prices = proPlanOf().cluster.hosts.map(({ types: [first] }) => rounded(monthlyOf(first)));
    expect(prices).toEqual(["16.49", "16.49", "16.49", "29.99", "29.99", "29.99", "8.99"]);
  });
});

describe("the guides", () => {
  test.each(["Variant 1", "Variant 2", "Variant 3", "Variant 4", "Variant 5"])(
    "lead through %s step by step, from prerequisites to backup [W-01]",
    (variant) => {
      const section = read("docs/community.md").split(`\n## ${variant}:`)[1]?.split("\n## ")[0] ?? "";
      const steps = [...section.matchAll(/^(\d)\. \*\*([^*]+)\*\*/gm)].map(([, number, name]) => `${number} ${name}`);
      expect(steps).toEqual([
        "1 Prerequisites",
        "2 Configuration",
        "3 TLS",
        "4 Start",
        "5 Initialise",
        "6 Models",
        "7 Verify",
        "8 Backup",
      ]);
    },
  );

  test("compare the editions, say which is for whom, and say which exist today [W-02]", () => {
    const text = read("docs/editions.md");
    for (const words of [
      "Today only the community edition exists",
      "e-mail within 48 h",
      "## Ollama or LM Studio",
      "## Local model or cloud model",
      "### Development and production",
    ]) {
      expect(text).toContain(words);
    }
    expect(text.match(/```mermaid/g)).toHaveLength(2);
  });

  test("offer the community edition free, on one host, for five users, and promise no uptime [C-01]", () => {
    const column = read("docs/editions.md").match(/^\| (\S[^|]*?) +\| ([^|]*?) +\|/gm) ?? [];
    const rows = Object.fromEntries(
      column.map((row) =>
        row
          .split("|")
          .slice(1, 3)
          .map((cell) => cell.trim()),
      ),
    );
    expect(rows).toMatchObject({
      users: "up to 5",
      "runs on": "one Docker host; a laptop is enough",
      availability: "no promise",
      "high availability": "no",
      regions: "one",
      support: "community",
      price: "free, open source",
    });
    expect(read("LICENSE")).toContain("Apache License");
  });

  test("lead through a native Ollama: service, check, GPU, and an address that containers reach [C-22]", () => {
    const section = read("docs/llm-runtimes.md").split("\n## Ollama on the host")[1]?.split("\n## ")[0] ?? "";
    const commands = ["systemctl status ollama", "ollama --version", "curl http://localhost:11434/api/tags", "nvidia-smi"];
    for (const words of [...commands, "version 535", "OLLAMA_HOST=172.17.0.1"]) expect(section).toContain(words);
  });

  test("lead through LM Studio's server: its settings, and a question that must be answered [C-27]", () => {
    const section = read("docs/llm-runtimes.md").split("\n## LM Studio on the host")[1]?.split("\n## ")[0] ?? "";
    for (const words of ["context length 4096 or more", "GPU offload _Max_", "port 1234", "CORS on", "API key optional"])
      expect(section).toContain(words);
    expect(section).toContain("curl http://localhost:1234/v1/chat/completions");
  });

  test("say what development needs [C-29]", () => {
    const text = read("docs/community.md");
    const development = text.split("\n## Variant 4:")[1]?.split("\n## ")[0] ?? "";
    for (const words of ["16 GB of memory, better 32", "8 cores advised", "Ollama or LM Studio"])
      expect(development).toContain(words);
    for (const words of ["Linux, macOS or WSL2", "100 GB", "Git, and Node"]) expect(text).toContain(words);
    expect(read("CONTRIBUTING.md")).toContain("merged into `develop`");
  });

  test("lead to a variant by questions [C-03]", () => {
    const text = read("docs/editions.md");
    expect(text).toContain("Questions that decide");
    for (const variant of [1, 2, 3, 4, 5]) expect(text).toMatch(new RegExp(`^\\| ${variant} `, "m"));
    expect(text).toContain("NVIDIA GPU");
    expect(text).toContain("10–20 %");
  });

  test("help to pick a model for LM Studio and say that names are only configuration [C-26]", () => {
    const text = read("docs/llm-runtimes.md");
    for (const name of [
      "Llama-2-7B-Chat",
      "Mistral-7B-Instruct-v0.2",
      "Llama-2-13B-Chat",
      "openchat-3.5",
      "`Q4_K_M`",
      "`Q5_K_M`",
      "`Q8_0`",
    ]) {
      expect(text).toContain(name);
    }
    expect(text).toContain("only configuration");
  });
});

/** `./fidus …` in code, without what follows a shell operator. */
function commandLines(text: string): string[] {
  const code = [...text.matchAll(/```\w*\n([\s\S]*?)```|`([^`\n]+)`/g)]
    .map(([, block = "", inline = ""]) => block + inline)
    .join("\n");
  return [...code.matchAll(/\.\/fidus ([^\n;&|)"#>]*)/g)].map(([, words = ""]) => words.trim()).filter((words) => words !== "");
}

function unknownParts(program: Command, line: string): string[] {
  const words = line.split(" -- ")[0]?.split(/\s+/) ?? [];
  let command = program;
  const unknown: string[] = [];
  for (const word of words) {
    const sub = command.commands.find((candidate) => candidate.name() === word);
    if (sub !== undefined) command = sub;
    else if (word.startsWith("-") && !hasOption(program, command, word)) unknown.push(word);
    else if (command === program && !word.startsWith("-")) unknown.push(word);
  }
  return unknown;
}

function hasOption(program: Command, command: Command, word: string): boolean {
  return [...program.options, ...command.options].some((option) => option.long === word || option.short === word);
}

function leads(from: string, link: string): boolean {
  const [path = "", heading] = link.split("#");
  const target = path === "" ? from : join(dirname(from), path);
  if (generated.includes(target)) return true;
  if (!existsSync(join(root, target))) return false;
  return heading === undefined || headings(read(target)).includes(heading);
}

/** Headings as they are linked to: lower case, words joined by dashes, other signs left out. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
