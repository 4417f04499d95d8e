import { expect, test } from "vitest";
import { buildFailure } from "./build-failure.ts";
import { DockerError } from "./docker-cli.ts";

const resume = "then the same command again: what is built stays";

test.each([
  [
    "npm",
    new Error("npm install --no-save failed (exit 1):\nnpm error code ECONNREFUSED"),
    "npm install --no-save failed (exit 1)",
    "the packages of your npm registry",
    `npm ping; ${resume}`,
  ],
  [
    "apt",
    new DockerError(["build", "--force-rm"], 100, "Err:1 http://mirror trixie InRelease\nE: Failed to fetch http://mirror"),
    "docker build --force-rm failed (exit 100)",
    "the packages of your Debian mirror",
    `apt-get update; ${resume}`,
  ],
  [
    "pip",
    new DockerError(["build", "--force-rm"], 1, "/opt/litellm/bin/pip install\nERROR: No matching distribution"),
    "docker build --force-rm failed (exit 1)",
    "the packages of your Python index",
    `pip config list; ${resume}`,
  ],
  [
    "a full disk",
    new DockerError(["build", "--force-rm"], 1, "write /layer.tar: no space left on device"),
    "docker build --force-rm failed (exit 1)",
    "room on the disk",
    `docker system df; docker image prune; ${resume}`,
  ],
])("a build that %s stopped says which image, what failed, what it needs and how to go on", (_name, error, got, rule, fix) => {
  const failure = buildFailure("redis", error);
  expect(failure.problems).toEqual([{ path: "images.redis", got, rule, fix }]);
  expect(failure.message).toBe(
    `image redis was not built${error.message
      .split("\n")
      .slice(1)
      .map((line) => `\n    ${line}`)
      .join("")}`,
  );
});

test("of a long output only the last lines are shown", () => {
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  const { message } = buildFailure("app", new Error(`npm pack failed:\n${lines.join("\n")}`));
  expect(message).not.toContain("line 24\n");
  expect(message).toContain("line 25\n");
  expect(message).toContain("line 39");
});
