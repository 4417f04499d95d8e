import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { EngineProject } from "./testing/engine.ts";

/** random and tls under the real engine. Oracle: doc comments of @pulumi/random and @pulumi/tls. */
let project: EngineProject;
const limit = { timeout: 120_000 };

beforeAll(async () => {
  project = await EngineProject.create();
}, 60_000);
afterAll(() => project[Symbol.asyncDispose]());
beforeEach(() => project.reset());

const everything = `
  const password = new random.RandomPassword("password", { length: 24 });
  const id = new random.RandomId("id", { byteLength: 8 });
  new random.RandomString("string", { length: 12 });
  new random.RandomBytes("bytes", { length: 12 });
  new random.RandomInteger("integer", { min: 1, max: 6, keepers: { id: id.hex } });
  new random.RandomPet("pet", { length: 3 });
  new random.RandomShuffle("shuffle", { inputs: ["a", "b"] });
  new random.RandomUuid("uuid");
  new random.RandomUuid4("uuid4");
  new random.RandomUuid7("uuid7");
  const key = new tls.PrivateKey("key", { algorithm: "ED25519" });
  const ca = new tls.SelfSignedCert("ca", { privateKeyPem: key.privateKeyPem, allowedUses: ["cert_signing"], isCaCertificate: true,
    validityPeriodHours: 48, subject: { commonName: "ca" } });
  const request = new tls.CertRequest("request", { privateKeyPem: key.privateKeyPem, dnsNames: ["localhost"] });
  new tls.LocallySignedCert("cert", { caCertPem: ca.certPem, caPrivateKeyPem: key.privateKeyPem, certRequestPem: request.certRequestPem,
    allowedUses: ["server_auth"], validityPeriodHours: 24 });
  const c = new command.local.Command("c", { create: "cat >/dev/null; echo done", stdin: password.result });
  return { password: password.result, key: key.privateKeyPem, out: c.stdout, publicKey: key.publicKeyOpenssh };`;

test(
  "every resource is previewed as unknown, created, unchanged in preview and refresh, and its secrets are encrypted",
  limit,
  async () => {
    await project.program(everything);
    const preview = await project.run("preview");
    expect(preview.output).toContain("+ 16 to create");
    expect(preview.output.match(/: \[unknown\]/g)).toHaveLength(4);
    expect(await project.up()).toMatchObject({ code: 0 });
    const ciphertext: unknown = expect.objectContaining({ ciphertext: expect.any(String) });
    const outputs = await project.outputs();
    expect(outputs).toEqual({
      password: ciphertext,
      key: ciphertext,
      out: "done",
      publicKey: expect.stringMatching(/^ssh-ed25519 /),
    });
    expect(await project.stateText()).not.toContain("PRIVATE KEY");
    await project.expectNoChange();
    const refreshed = await project.run("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    expect(refreshed).toMatchObject({ code: 0 });
    await project.expectNoChange();
  },
);

test("a changed keeper replaces a password and what depends on it is updated", limit, async () => {
  const program = (keeper: number): string =>
    `const p = new random.RandomPassword("p", { length: 12, keepers: { k: "${keeper}" } });
     new command.local.Command("c", { create: "true", stdin: p.result });`;
  await project.program(program(1));
  expect(await project.up()).toMatchObject({ code: 0 });
  await project.program(program(2));
  const { code, output } = await project.up();
  expect(code).toBe(0);
  expect(output).toMatch(/~ 1 updated\n\s+\+-1 replaced/);
});

test("a broken input is refused in preview with the rule, and nothing is created", limit, async () => {
  await project.program(`new random.RandomPassword("p", { length: 2, minUpper: 3 });`);
  const { code, output } = await project.run("preview");
  expect(code).not.toBe(0);
  expect(output).toContain("length: got 2; needs minUpper + minLower + minNumeric + minSpecial = 3 or more");
  expect(await project.resources()).toEqual([]);
});

test("an existing password is imported and then left alone", limit, async () => {
  await project.program(`new random.RandomPassword("p", { length: 6 }, { import: "abcdef" });`);
  expect(await project.up()).toMatchObject({ code: 0 });
  expect((await project.resources())[0]).toMatchObject({ id: "none", inputs: { length: 6 } });
  await project.expectNoChange();
});
