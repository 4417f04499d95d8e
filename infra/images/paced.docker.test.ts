import { afterAll, beforeAll, expect, test } from "vitest";
import { TestEngine } from "./testing.ts";

const engine = new TestEngine();
let container: string;

beforeAll(async () => {
  const { base } = await engine.images("base");
  container = await engine.start({ image: base, args: ["sleep", "infinity"] });
});
afterAll(() => engine.close());

/** Exit status of `paced` and how long it took, in seconds. */
async function paced(pause: number, ...check: string[]): Promise<{ status: number; seconds: number }> {
  const startedAt = performance.now();
  const status = await engine.status(container, "paced", String(pause), ...check);
  return { status, seconds: (performance.now() - startedAt) / 1000 };
}

// A pause that were not skipped would end the test.
const never = 3_600;

test("a check pauses only after it has succeeded, and no longer once it has failed", async () => {
  expect(await paced(never, "bash", "-c", "exit 7")).toMatchObject({ status: 7 });
  expect(await paced(never, "true")).toMatchObject({ status: 0 });
  const healthy = await paced(2, "true");
  expect(healthy.status).toBe(0);
  expect(healthy.seconds).toBeGreaterThanOrEqual(2);
  const sick = await paced(1, "false");
  expect(sick.status).toBe(1);
  expect(sick.seconds).toBeGreaterThanOrEqual(1);
  expect(await paced(never, "false")).toMatchObject({ status: 1 });
});

test("a container that was healthy and starts anew is asked at once", async () => {
  const { status } = await paced(1, "true");
  expect(status).toBe(0);
  await engine.docker(["restart", "--time", "0", container]);
  expect(await paced(never, "true")).toMatchObject({ status: 0 });
});
