import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Redactor } from "./redactor.ts";

let redactor: Redactor;

beforeEach(() => {
  redactor = new Redactor();
});

afterEach(() => redactor.close());

const request = (content: string): Buffer => Buffer.from(JSON.stringify({ messages: [{ role: "user", content }] }));

test("gives the request without the values, and what restores them", async () => {
  const { body, placeholders } = await redactor.redact(request("Write to jo.doe@example.org."));
  expect(body).toEqual(request("Write to [EMAIL-1]."));
  expect(placeholders.restore("[EMAIL-1] and [EMAIL-2]")).toBe("jo.doe@example.org and [EMAIL-2]");
});

test("requests at the same time keep their values apart", async () => {
  const mails = Array.from({ length: 50 }, (_, index) => `person${index}@example.org`);
  const all = await Promise.all(mails.map((mail) => redactor.redact(request(mail))));
  expect(all.map(({ placeholders }) => placeholders.restore("[EMAIL-1]"))).toEqual(mails);
});

test("a request of 8 MB holds up nobody else", { timeout: 60_000 }, async () => {
  await redactor.redact(request("the thread has loaded its detectors"));
  const large = request("Frau Müller, Hauptstraße 12, schreibt an anna@example.org. ".repeat(130_000));
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const started = performance.now();
  delay.enable();
  const { body } = await redactor.redact(large);
  delay.disable();
  expect(body.includes("anna@example.org")).toBe(false);
  expect(delay.max / 1e6).toBeLessThan((performance.now() - started) / 3);
});

test("whoever waits for a thread that dies is refused, and the next request gets another thread", async () => {
  const broken = redactor.redact(undefined as unknown as Buffer);
  const behind = redactor.redact(request("a@example.org"));
  await expect(broken).rejects.toThrow();
  await expect(behind).rejects.toThrow();
  const { body } = await redactor.redact(request("a@example.org"));
  expect(body).toEqual(request("[EMAIL-1]"));
});
