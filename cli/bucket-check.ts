import { AwsClient } from "aws4fetch";
import { fail, ok, type Check } from "./preflight.ts";

/** A bucket that somebody made by hand: there is no Pulumi resource for Hetzner's. */
export interface DeclaredBucket {
  readonly backupEndpoint: string;
  readonly backupBucket: string;
  readonly backupAccessKeyId: string;
  readonly backupSecretKey: string;
}

const title = "Backup bucket";
const answerMs = 15_000;

/** Who is asked for another one when S3 says so. Source: Amazon S3 API reference, error responses. */
const keyOf = {
  NoSuchBucket: ["backupBucket", "a bucket that exists there: make it at its provider, or name another one"],
  InvalidAccessKeyId: ["backupAccessKeyId", "an access key that the endpoint knows"],
  SignatureDoesNotMatch: ["backupSecretKey", "the secret key of backupAccessKeyId"],
  AccessDenied: ["backupAccessKeyId", "an access key that may list the bucket"],
} as const;

/** Lists one object of the bucket with its own credentials: shows that it is there and who may use it. Changes nothing. */
export async function bucketCheck(declared: DeclaredBucket, signal: AbortSignal): Promise<Check> {
  const { backupEndpoint: endpoint, backupBucket: bucket, backupAccessKeyId, backupSecretKey } = declared;
  const broken = (path: string, got: unknown, rule: string, fix: string): Check =>
    fail("bucket", title, { path, got, rule, fix });
  const region = new URL(endpoint).hostname.split(".")[0] ?? "";
  const client = new AwsClient({
    ...{ accessKeyId: backupAccessKeyId, secretAccessKey: backupSecretKey },
    ...{ service: "s3", region, retries: 0 },
  });
  const url = `${endpoint.replace(/\/$/, "")}/${bucket}?list-type=2&max-keys=1`;
  try {
    const answer = await client.fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]) });
    if (answer.ok) return ok("bucket", title, `${bucket} at ${endpoint}`);
    const code = /<Code>(\w+)<\/Code>/.exec(await answer.text())?.[1] ?? `HTTP ${answer.status}`;
    const [path, rule] = keyOf[code as keyof typeof keyOf] ?? ["backupEndpoint", "an S3 endpoint that lists the bucket"];
    const secret = path === "backupAccessKeyId" || path === "backupSecretKey";
    const got = secret ? `one that ${endpoint} refuses (${code})` : `${declared[path]} (${code})`;
    const example = path === "backupBucket" ? "fidus-backup" : "https://hel1.your-objectstorage.com";
    return broken(path, got, rule, secret ? `pulumi config set --secret ${path}` : `pulumi config set ${path} ${example}`);
  } catch (error) {
    signal.throwIfAborted();
    const rule = `an S3 endpoint that answers (${reasonOf(error)})`;
    return broken("backupEndpoint", endpoint, rule, "pulumi config set backupEndpoint https://hel1.your-objectstorage.com");
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (error.name === "TimeoutError") return `no answer within ${answerMs / 1000} s`;
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : error.message;
}
