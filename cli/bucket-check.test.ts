import { afterAll, beforeAll, expect, test } from "vitest";
import { bucketCheck, type DeclaredBucket } from "./bucket-check.ts";
import { StandInS3 } from "./testing-s3.ts";

const account = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  buckets: ["fidus-backup"],
};
let s3: StandInS3;
const declared = (changes: Partial<DeclaredBucket> = {}): DeclaredBucket => ({
  backupEndpoint: s3.endpoint,
  backupBucket: "fidus-backup",
  backupAccessKeyId: account.accessKeyId,
  backupSecretKey: account.secretAccessKey,
  ...changes,
});
const check = (changes: Partial<DeclaredBucket> = {}) => bucketCheck(declared(changes), new AbortController().signal);

beforeAll(async () => {
  s3 = await StandInS3.start(account);
});
afterAll(() => s3[Symbol.asyncDispose]());

test("a bucket that is there and opens with its credentials is fine", async () => {
  expect(await check()).toMatchObject({ id: "bucket", status: "ok", detail: `fidus-backup at ${s3.endpoint}` });
  expect(s3.calls.at(-1)).toBe("GET /fidus-backup ok");
});

test("a wrong secret key is told apart from a wrong access key, and neither is shown", async () => {
  const secret = await check({ backupSecretKey: "another-secret-key" });
  expect(secret.problem).toEqual({
    path: "backupSecretKey",
    got: `one that ${s3.endpoint} refuses (SignatureDoesNotMatch)`,
    rule: "the secret key of backupAccessKeyId",
    fix: "pulumi config set --secret backupSecretKey",
  });
  const access = await check({ backupAccessKeyId: "AKIDOTHER" });
  expect(access.problem).toMatchObject({ path: "backupAccessKeyId", fix: "pulumi config set --secret backupAccessKeyId" });
  expect(JSON.stringify([secret, access])).not.toMatch(/another-secret-key|AKIDOTHER|wJalr/);
});

test("a bucket that is not there is named", async () => {
  expect((await check({ backupBucket: "fidus-other" })).detail).toBe(
    'backupBucket: got "fidus-other (NoSuchBucket)"; needs a bucket that exists there: make it at its provider, or name another one. pulumi config set backupBucket fidus-backup',
  );
});

test("an endpoint that nobody answers at, or that is no S3, is named with the reason", async () => {
  const gone = await StandInS3.start(account);
  const { endpoint } = gone;
  await gone[Symbol.asyncDispose]();
  expect((await check({ backupEndpoint: endpoint })).problem).toEqual({
    path: "backupEndpoint",
    got: endpoint,
    rule: "an S3 endpoint that answers (ECONNREFUSED)",
    fix: "pulumi config set backupEndpoint https://hel1.your-objectstorage.com",
  });
});
