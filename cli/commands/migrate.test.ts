import { expect, test } from "vitest";
import { DockerError } from "../../infra/images/docker-cli.ts";
import { appAdmin } from "../app-admin.ts";
import { describeError } from "../errors.ts";
import { standing } from "./migrate.ts";

const whole = { version: 16, latest: 16, pending: [], unknown: [], floor: 9 };

test("says where a database stands, what is to be applied, and what may be put back", () => {
  expect(standing(whole)).toBe(
    "Schema 16; this version has 16.\nVersions from schema 9 on may be put back (docs/community.md, Undo an update).",
  );
  expect(standing({ ...whole, version: 15, pending: ["0016_key_tokens"] })).toContain("To be applied: 0016_key_tokens.");
  expect(standing({ ...whole, version: 17, unknown: ["0017_more"] })).toContain("Of a newer version: 0017_more.");
});

test("the running version is asked inside its container", async () => {
  const calls: (readonly string[])[] = [];
  const app = appAdmin(async (args) => {
    calls.push(args);
    return JSON.stringify(args.includes("--status") ? whole : { from: 14, to: 16, applied: ["0015_a", "0016_b"] });
  }, "fidus-api-1");
  expect(await app.schema()).toEqual(whole);
  expect(await app.migrate()).toEqual({ from: 14, to: 16, applied: ["0015_a", "0016_b"] });
  const inside = ["exec", "fidus-api-1", "node", "/app/main.js", "migrate"];
  expect(calls).toEqual([
    [...inside, "--status", "--json"],
    [...inside, "--json"],
  ]);
});

test("a migration that fails is exit 1 with the application's own words", async () => {
  const said = "migration 0016_b: division by zero. The ones before it are applied; correct it and run migrate again.";
  const app = appAdmin(() => Promise.reject(new DockerError(["exec"], 1, said)), "fidus-api-1");
  const failure: unknown = await app.migrate().catch((error: unknown) => error);
  expect(describeError(failure)).toMatchObject({ exitCode: 1, report: { code: "migration-failed" } });
  expect(String(failure)).toContain(said);
});
