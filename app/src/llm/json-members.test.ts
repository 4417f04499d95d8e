import fc from "fast-check";
import { expect, test } from "vitest";
import { setMembers } from "./json-members.ts";

const set = (json: string, members: Record<string, string>): string => setMembers(Buffer.from(json), members).toString();

test.each([
  ['{"model":"a","n":1}', '{"model":"b","n":1}'],
  ['{ "n" : 1 , "model" : "a" }', '{ "n" : 1 , "model" : "b"}'],
  [' {"x":{"model":"inner"},"model":null}', ' {"x":{"model":"inner"},"model":"b"}'],
  ['{"x":"\\"model\\":\\\\","model":"a"}', '{"x":"\\"model\\":\\\\","model":"b"}'],
  ['{"mod\\u0065l":"a"}', '{"mod\\u0065l":"b"}'],
  ['{"model":"a","model":"c"}', '{"model":"b","model":"b"}'],
  ['{"n":12345678901234567890}', '{"model":"b","n":12345678901234567890}'],
  ["{}", '{"model":"b"}'],
])("%s becomes %s", (before, after) => {
  expect(set(before, { model: '"b"' })).toBe(after);
});

test("nothing to set leaves the very bytes", () => {
  const json = Buffer.from('{"a":1}');
  expect(setMembers(json, {})).toBe(json);
});

test("any object keeps its other members, and has the new ones", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), fc.nat({ max: 3 }), (given, value, indent) => {
      const expected = { ...given, model: JSON.parse(JSON.stringify(value)) as unknown, stream: true };
      const text = setMembers(Buffer.from(JSON.stringify(given, null, indent)), { model: JSON.stringify(value), stream: "true" });
      const read = JSON.parse(text.toString()) as object;
      expect(Object.fromEntries(Object.entries(read))).toEqual(JSON.parse(JSON.stringify(expected)));
    }),
    { numRuns: 500 },
  );
});
