import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dockerCli, DockerError, type Docker } from "../infra/images/docker-cli.ts";
import { appAdmin } from "./app-admin.ts";
import { exportLines, exportToFile } from "./person-export.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "fidus-export-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const whole = ['{"type":"profile"}', '{"type":"key"}', '{"type":"key"}', '{"type":"end","lines":3}'];
const account = { role: "user", disabled: false, createdAt: "2026-11-22T00:00:00Z", conversations: 2, documents: 1, keys: 3 };
const accounts = [
  { ...account, email: "ada@example.com" },
  { ...account, email: "bob@example.com" },
];
/** A container that answers with these lines, or fails. */
const container =
  (lines: readonly string[], calls: (readonly string[])[] = []): Docker =>
  async (args, { eachLine } = {}) => {
    calls.push(args);
    if (args.includes("list")) return JSON.stringify({ accounts });
    if (args.includes("erase")) throw new DockerError(args, 2, "--email: got the last administrator");
    for (const line of lines) await eachLine?.(line);
    return "";
  };
const app = (lines: readonly string[]) => appAdmin(container(lines), "fidus-api-1");

test("an export goes into a new file that only its owner may read, and its lines are counted", async () => {
  const path = join(folder, "ada.ndjson");
  expect(await exportToFile(app(whole), "ada@example.com", path)).toEqual({ profile: 1, key: 2 });
  expect(readFileSync(path, "utf8")).toBe(`${whole.join("\n")}\n`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a file that is there is left as it is, and the command that makes room is named", async () => {
  const path = join(folder, "ada.ndjson");
  writeFileSync(path, "mine");
  await expect(exportToFile(app(whole), "ada@example.com", path)).rejects.toMatchObject({
    exitCode: 2,
    problems: [{ path: "--out", got: path, rule: "a name that no file has: nothing is overwritten", fix: `rm ${path}` }],
  });
  expect(readFileSync(path, "utf8")).toBe("mine");
  await expect(exportToFile(app(whole), "ada@example.com", join(folder, "none/ada"))).rejects.toMatchObject({ exitCode: 2 });
});

test.each([
  ["was cut off", whole.slice(0, 3)],
  ["lacks a line", [...whole.slice(0, 1), ...whole.slice(2)]],
  ["holds no JSON", [...whole.slice(0, 1), "Error: out of memory"]],
])("an export that %s is a failure, and leaves no file", async (_how, lines) => {
  const path = join(folder, "ada.ndjson");
  await expect(exportToFile(app(lines), "ada@example.com", path)).rejects.toThrow();
  expect(existsSync(path)).toBe(false);
  await expect(exportLines(app(lines), "ada@example.com", () => {})).rejects.toThrow();
});

test("an account is found whatever its case; of one that is not there the one that was meant is named", async () => {
  expect(await app(whole).account(" Ada@example.com")).toEqual(accounts[0]);
  const fix = "Did you mean ada@example.com? All: ./fidus admin list";
  await expect(app(whole).account("ade@example.com")).rejects.toMatchObject({ exitCode: 2, problems: [{ fix }] });
  const other = { exitCode: 2, problems: [{ fix: "./fidus admin list" }] };
  await expect(app(whole).account("somebody@elsewhere.test")).rejects.toMatchObject(other);
});

test("what the application refuses to erase is said in its words, with exit 2", async () => {
  await expect(app(whole).erase("ada@example.com")).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining("the last administrator") as string,
  });
});

test("lines of any number pass through one by one; a program that fails tells what it said", async () => {
  const node = dockerCli({ binary: process.execPath });
  const program = "const line = 'x'.repeat(999_999); for (let n = 0; n < 80; n++) process.stdout.write(line + '\\n')";
  let bytes = 0;
  await node(["-e", program], { eachLine: (line) => void (bytes += line.length) });
  expect(bytes).toBe(80 * 999_999);
  const failing = node(["-e", "console.log('one'); console.error('no such thing'); process.exitCode = 2"], {
    eachLine: () => {},
  });
  await expect(failing).rejects.toMatchObject({ exitCode: 2, output: expect.stringContaining("no such thing") as string });
});
