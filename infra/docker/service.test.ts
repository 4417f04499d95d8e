import { expect, test } from "vitest";
import { probe } from "./service.ts";

const check = ["/usr/local/bin/healthcheck", "8080", "/health"];

test("with a start interval the engine itself asks every 2 s until healthy and every 10 s then", () => {
  expect(probe(check, 25)).toMatchObject({ tests: ["CMD", ...check], startInterval: "2s", interval: "10s" });
});

test("before Docker 25 the check pauses by itself, within its time limit, and the engine gets no option it does not know", () => {
  const { tests, interval, timeout, ...rest } = probe(check, 24);
  expect(tests).toEqual(["CMD", "/usr/local/bin/paced", "8", ...check]);
  expect({ interval, timeout }).toEqual({ interval: "2s", timeout: "13s" });
  expect(rest).not.toHaveProperty("startInterval");
});
