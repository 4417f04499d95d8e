import { expect, test } from "vitest";
import { sessionCookieName } from "./session-cookie.ts";

test.each([
  ["http://localhost:3000", "fidus_session_3000"],
  ["http://localhost:3100", "fidus_session_3100"],
  ["http://192.168.1.5", "fidus_session"],
  ["https://fidus.example", "__Host-fidus_session"],
  ["https://fidus.example:8443", "__Host-fidus_session_8443"],
])("at %s the session's cookie is called %s", (publicUrl, name) => {
  expect(sessionCookieName({ publicUrl: new URL(publicUrl) })).toBe(name);
});
