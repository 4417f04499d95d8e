import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { llmRuntimes } from "../settings.ts";
import { runtimeTable } from "./table.ts";

const page = readFileSync(new URL("../../../docs/gateway.md", import.meta.url), "utf8");

test("the table that docs/gateway.md shows is one that the app accepts", () => {
  const [, example = ""] = /```json\n(.*?)```/s.exec(page) ?? [];
  expect(runtimeTable.safeParse(JSON.parse(example)).error).toBeUndefined();
});

test("every key of a runtime, every kind and every routing is in docs/gateway.md", () => {
  const { runtimes, routing } = runtimeTable.shape;
  const keys = Object.keys(runtimes.valueType.shape);
  const words = [...keys, ...llmRuntimes, ...routing.unwrap().options];
  expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
});
