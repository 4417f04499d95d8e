import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { environments, type EnvironmentName } from "../../infra/config/keys/common.ts";
import { formatProblem } from "../../infra/core/errors.ts";
import type { CliContext } from "../context.ts";
import { resolvePaths } from "../paths.ts";
import { readState, withInstallation, withoutSecrets } from "./given-state.ts";

const folder = mkdtempSync(join(tmpdir(), "fidus-given-state-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const here = pathToFileURL(folder).href;
const passphrase = "Zu5kQ0nJc3TqFz8vY1pLrA==";

const said = (
  PULUMI_BACKEND_URL: string,
  PULUMI_CONFIG_PASSPHRASE = passphrase,
  environment: EnvironmentName = "production",
): string[] => readState({ PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE }, environment).problems.map(formatProblem);

describe("the state", () => {
  test.each(["s3://bucket?region=eu-central-1", "gs://bucket", "azblob://container", here])("may be %s", (url) => {
    expect(said(url)).toEqual([]);
  });

  test.each(["", "https://api.pulumi.com", "bucket", "file://", "file://relative", `${here}/not-there`])(
    "may not be %j, and the variable is named",
    (url) => {
      expect(said(url)).toEqual([expect.stringMatching(/^PULUMI_BACKEND_URL: /)]);
    },
  );

  test("is named without the login that stands in its address", () => {
    const [line = ""] = said("ftp://somebody:hidden@host/state");
    expect(line).toContain("…@host");
    expect(line).not.toContain("hidden");
  });
});

describe("the passphrase", () => {
  test("may not be absent or a sample, in any environment [X-03]", () => {
    for (const environment of environments)
      for (const [given, got] of [
        ["", "nothing"],
        ["CHANGE_ME", "[a sample secret]"],
        ["dev_password", "[a sample secret]"],
      ] as const) {
        const lines = said(here, given, environment);
        expect(lines, `${environment} ${given}`).toHaveLength(1);
        expect(lines[0]).toContain("PULUMI_CONFIG_PASSPHRASE: got ");
        if (given !== "") expect(lines[0]).toContain(got);
        if (given !== "") expect(lines[0]).not.toContain(given);
      }
  });

  test("may be basic in development, and in staging and production only a strong one is accepted [X-04]", () => {
    expect(environments.map((environment) => said(here, "basic-passwort", environment).length)).toEqual([0, 1, 1]);
    expect(environments.map((environment) => said(here, passphrase, environment).length)).toEqual([0, 0, 0]);
    expect(said(here, "basic-passwort").join()).not.toContain("basic-passwort");
  });
});

test("nothing that the engine starts sees the variables with secrets [X-01]", () => {
  const stack = { secrets: { hcloudToken: "t" } } as unknown as Parameters<typeof withoutSecrets>[1][number];
  const env = { PULUMI_CONFIG_PASSPHRASE: "p", FIDUS_HCLOUD_TOKEN: "t", AWS_REGION: "eu-central-1" };
  expect(withoutSecrets(env, [stack])).toEqual({
    ...{ PULUMI_CONFIG_PASSPHRASE: undefined, FIDUS_HCLOUD_TOKEN: undefined },
    AWS_REGION: "eu-central-1",
  });
});

test("passphrase and settings lie in a private folder, which is gone afterwards, also after a failure [X-01]", async () => {
  const ctx = { paths: resolvePaths({ HOME: folder }) } as CliContext;
  const seen: string[] = [];
  const run = withInstallation(ctx, "a1b2c3", { backendUrl: here, passphrase }, (installation) => {
    seen.push(installation.folder, readFileSync(installation.passphraseFile, "utf8"), installation.backendUrl);
    expect(statSync(installation.folder).mode & 0o077).toBe(0);
    expect(statSync(installation.passphraseFile).mode & 0o077).toBe(0);
    return Promise.reject(new Error("a cloud refused"));
  });
  await expect(run).rejects.toThrow("a cloud refused");
  expect(seen.slice(1)).toEqual([passphrase, here]);
  expect(existsSync(seen[0] ?? "")).toBe(false);
  expect(existsSync(folder)).toBe(true);
});
