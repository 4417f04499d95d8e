import { expect, test } from "vitest";
import type { PulumiEngine } from "../engine.ts";
import { EngineRunError } from "../engine-events.ts";
import { upWithTypesInStock } from "./sold-out.ts";

const member = (host: string): string => `urn:pulumi:shop::fidus::fidus:hosts:HetznerServer::cluster-${host}-server`;
const choice = (host: string): string =>
  `urn:pulumi:shop::fidus::fidus:hosts:HetznerServer$fidus:hosts:ServerTypeChoice::${host}`;
const asked = (host: string): string => `urn:pulumi:shop::fidus::command:local:Command::${host}-asked`;
const failed = (host: string, message: string) => ({
  urn: `urn:pulumi:shop::fidus::fidus:hosts:HetznerServer$hcloud:index/server:Server::cluster-${host}-server-server`,
  message,
});
const gone = (host: string) => failed(host, "error during placement (resource_unavailable)");

/** An engine whose runs fail with these errors, one after the other, and then succeed; each question's list goes on by one type. */
function engineOf(runs: readonly (readonly { urn: string; message: string }[])[]) {
  const lists: Record<string, string[]> = { "app-1": ["cx43", "cpx42", "ccx33"], "app-2": ["cx43", "cpx42", "ccx33"] };
  const told: unknown[] = [];
  const engine = {
    run(_operation: string, _args: readonly string[], _onStep: unknown, more: Record<string, string> = {}) {
      told.push(JSON.parse(more["FIDUS_SOLD_OUT"] ?? ""));
      const errors = runs[told.length - 1];
      return errors === undefined
        ? Promise.resolve({ create: 1 })
        : Promise.reject(new EngineRunError("the engine's up failed", errors, {}));
    },
    call(args: readonly string[]) {
      if (args[1] === "delete") for (const [host, types] of Object.entries(lists)) if (args[2] === asked(host)) types.shift();
      const resources = Object.entries(lists).flatMap(([host, [type]]) => [
        { urn: member(host) },
        { urn: choice(host), parent: member(host) },
        {
          urn: asked(host),
          parent: choice(host),
          inputs: { environment: { FIDUS_QUESTION: JSON.stringify({ server: `fidus-${host}` }) } },
          outputs: { stdout: type },
        },
      ]);
      return Promise.resolve(JSON.stringify({ deployment: { resources } }));
    },
  } as unknown as PulumiEngine;
  const notices: string[] = [];
  const up = () =>
    upWithTypesInStock(
      engine,
      "shop",
      () => undefined,
      (text) => void notices.push(text),
    );
  return { up, told, notices };
}

test("what is sold out at the create is asked for anew without it, server by server, until everything is made", async () => {
  const { up, told, notices } = engineOf([[gone("app-1"), gone("app-2")], [gone("app-2")]]);
  expect(await up()).toEqual({ create: 1 });
  expect(told).toEqual([
    {},
    { "fidus-app-1": ["cx43"], "fidus-app-2": ["cx43"] },
    { "fidus-app-1": ["cx43"], "fidus-app-2": ["cx43", "cpx42"] },
  ]);
  expect(notices).toHaveLength(3);
  expect(notices[0]).toContain("fidus-app-1: Hetzner had no cx43");
});

test.each([
  ["another reason", failed("app-1", "the server name is in use (uniqueness_error)")],
  ["another resource", { urn: "urn:pulumi:shop::fidus::hcloud:index/volume:Volume::disk", message: "(resource_unavailable)" }],
  ["a server whose type nobody was asked for", gone("app-9")],
])("a failure for %s ends the run with what the engine said", async (_, error) => {
  const { up, told } = engineOf([[error]]);
  await expect(up()).rejects.toMatchObject({ code: "engine-failed", errors: [error] });
  expect(told).toHaveLength(1);
});

test("an answer that names a sold-out type again ends the run: nothing is tried for ever", async () => {
  const { up, told } = engineOf([[gone("app-1")], [gone("app-1")], [gone("app-1")], [gone("app-1")], [gone("app-1")]]);
  await expect(up()).rejects.toMatchObject({ code: "engine-failed" });
  expect(told).toHaveLength(4);
});
