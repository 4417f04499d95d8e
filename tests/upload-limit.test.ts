import { expect, test } from "vitest";
import { largestFile } from "../app/src/knowledge/upload.ts";
import { nginxConf } from "../infra/docker/nginx.ts";

const mb = 1024 * 1024;

test("the proxy lets the largest file through with the form around it, and not much more [A-18]", async () => {
  const [, limit] = /client_max_body_size (\d+)m;/.exec(nginxConf({ domain: null })) ?? [];
  const form = new FormData();
  form.append("file", new Blob([]), `${"ä".repeat(255)}.docx`);
  const envelope = (await new Response(form).arrayBuffer()).byteLength;
  expect(largestFile).toBe(50 * mb);
  expect(Number(limit) * mb).toBeGreaterThanOrEqual(largestFile + envelope);
  expect(Number(limit) * mb).toBeLessThanOrEqual(largestFile + mb);
});
