import { expect, test } from "vitest";
import { auditActions } from "../app/src/admin/audit.ts";
import { auditWords } from "../app/web/admin/audit-words.ts";

test("the administration page has words for each entry of the audit log, and for nothing else", () => {
  expect(Object.keys(auditWords).toSorted()).toEqual(auditActions.toSorted());
});
