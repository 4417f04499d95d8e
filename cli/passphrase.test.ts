import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { opens, requirePassphrase } from "./passphrase.ts";

/** Written by `pulumi stack init` v3.259.0 with PULUMI_CONFIG_PASSPHRASE="correct horse". */
const salt = "v1:xUq0aPlt6Uk=:v1:Vhjs/3WFqXvPc5uC:GFWseuV+RQ9nwRFWd0S+c7x8dLJxiw==";

let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "fidus-passphrase-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the engine's own salt opens with its passphrase, also with a line end behind it, and with no other", async () => {
  expect(await opens("correct horse", salt)).toBe(true);
  expect(await opens("correct horse\n", salt)).toBe(true);
  expect(await opens("correct house", salt)).toBe(false);
});

test("a salt of another form is left to the engine", async () => {
  for (const other of ["v2:xUq0aPlt6Uk=:v1:Vhjs:GFWs", "", "v1:xUq0aPlt6Uk="])
    expect(await opens("correct horse", other)).toBeNull();
});

test("another passphrase is refused with its file and what can be done, before there is a salt nothing is", async () => {
  const passphraseFile = join(folder, "passphrase");
  writeFileSync(passphraseFile, "correct house");
  const config = { file: "/data/Pulumi.community.yaml", salt: () => salt };
  await expect(requirePassphrase({ passphraseFile }, config)).rejects.toMatchObject({
    exitCode: 1,
    code: "passphrase-lost",
    problems: [
      {
        path: passphraseFile,
        got: "another passphrase",
        rule: "the passphrase that /data/Pulumi.community.yaml was encrypted with",
        fix: `install -m 600 YOUR-BACKUP ${passphraseFile}; without a backup save the database (docs/community.md#backup), then ./fidus uninstall --yes && ./fidus up`,
      },
    ],
  });
  await requirePassphrase({ passphraseFile }, { ...config, salt: () => "" });
});
