import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Product } from "./product.ts";

/** One person's life by `./fidus admin` on a running product: made, listed, exported, sealed, and erased. */
export async function expectPersonVerbs(product: Product): Promise<void> {
  const { apiKey } = JSON.parse(
    (await product.fidus("admin", "create", "--email", "eve@example.com", "--user", "--json")).stdout,
  ) as {
    apiKey: string;
  };
  const bearer = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const body = JSON.stringify({ content: "Say one word." });
  expect(await (await fetch(`${product.url}/api/v1/chat`, { method: "POST", headers: bearer, body })).text()).toContain(
    "event: done",
  );
  const listed = JSON.parse((await product.fidus("admin", "list", "--json")).stdout) as { accounts: Record<string, unknown>[] };
  expect(listed.accounts.find(({ email }) => email === "eve@example.com")).toMatchObject({
    role: "user",
    conversations: 1,
    keys: 1,
  });
  const out = join(product.data, "eve.ndjson");
  const exported = await product.fidus("admin", "export", "eve@example.com", "--out", out, "--json");
  expect(exported.code, exported.stderr).toBe(0);
  expect(JSON.parse(exported.stdout)).toMatchObject({ file: out, counts: { profile: 1, conversation: 1 } });
  expect([statSync(out).mode & 0o777, readFileSync(out, "utf8")]).toEqual([0o600, expect.stringContaining("Say one word.")]);
  expect((await product.fidus("admin", "export", "eve@example.com", "--out", out)).code).toBe(2);
  const sealed = await product.fidus("admin", "seal", "--json");
  expect(JSON.parse(sealed.stdout)).toMatchObject({ unsealed: 0, lost: 0 });
  const slip = await product.fidus("admin", "erase", "ewe@example.com", "--yes");
  expect([slip.code, slip.stderr]).toEqual([2, expect.stringContaining("Did you mean eve@example.com?")]);
  const unasked = await product.fidus("admin", "erase", "eve@example.com");
  expect([unasked.code, unasked.stderr]).toEqual([
    2,
    expect.stringMatching(/with 1 conversation, 0 documents and 1 API key\?.*--yes/s),
  ]);
  const gone = await product.fidus("admin", "erase", "eve@example.com", "--yes");
  expect([gone.code, gone.stdout]).toEqual([
    0,
    expect.stringContaining("the key of their data, 1 conversation, 0 documents and 1 API key"),
  ]);
  expect((await fetch(`${product.url}/v1/models`, { headers: bearer })).status).toBe(401);
  expect((await product.fidus("admin", "export", "eve@example.com")).code).toBe(2);
}
