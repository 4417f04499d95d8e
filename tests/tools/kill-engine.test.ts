import { spawn } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../infra/core/eventually.ts";
import { workOf } from "./kill-engine.ts";

/** A shell that starts something and waits for it; returns its process. */
function shell(started: string): number {
  const { pid } = spawn("sh", ["-c", `${started} & wait`], { detached: true, stdio: "ignore" });
  if (pid === undefined) throw new Error("sh was not started");
  onTestFinished(() => void process.kill(-pid, "SIGKILL"));
  return pid;
}

test("the work of a process is that of what it started, too", async () => {
  const pid = shell("while :; do :; done");
  await eventually("it works", () => workOf(pid).busy && workOf(pid).spent >= 100);
});

test("a process whose children wait does no work", async () => {
  const pid = shell("sleep 600");
  await eventually("it waits", () => !workOf(pid).busy);
  expect(workOf(pid).spent).toBeLessThan(100);
});
