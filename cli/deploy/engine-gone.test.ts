import { expect, test } from "vitest";
import type { Engine } from "../docker.ts";
import type { RunResult } from "../run.ts";
import { whileEngineLives } from "./engine-gone.ts";

const engine = { host: "unix:///d.sock", env: { DOCKER_HOST: "unix:///d.sock" } } as unknown as Engine;
const fails = (): Promise<never> => Promise.reject(new Error("no container"));

function guarded(
  work: () => Promise<string>,
  answer: Partial<RunResult>,
  signal = new AbortController().signal,
): Promise<string> {
  const asked = { code: 0, stdout: "", stderr: "", ...answer };
  return whileEngineLives({ env: {}, signal }, engine, "community", work, () => Promise.resolve(asked));
}

test("work that ends well passes its result, and an engine that still answers leaves the failure as it is", async () => {
  expect(await guarded(() => Promise.resolve("done"), { code: 1 })).toBe("done");
  await expect(guarded(fails, { code: 0 })).rejects.toThrow("no container");
});

test.each([
  [{ code: 1, stderr: "Client: 20.10\nCannot connect to the Docker daemon" }, "Cannot connect to the Docker daemon"],
  [{ code: 124 }, "no answer within 15 s"],
])("an engine that is gone is what the failure says: %j", async (answer, reason) => {
  await expect(guarded(fails, answer)).rejects.toMatchObject({
    exitCode: 1,
    code: "engine-gone",
    problems: [
      {
        path: "dockerHost",
        got: `unix:///d.sock (${reason})`,
        rule: "an engine that answers until the end",
        fix: "Start it again, then: ./fidus up community",
      },
    ],
  });
});

test("after a stop by the operator that is the reason, whatever the engine does", async () => {
  await expect(guarded(fails, { code: 1 }, AbortSignal.abort())).rejects.toThrow("no container");
});
