import type { PulumiEngine } from "../engine.ts";
import { EngineRunError, type Changes, type EngineStep } from "../engine-events.ts";

/** What is told while another type is asked for. */
type Notice = (text: string) => void;

/** Server types by the name of the server for which they were sold out: read by the question, infra/hosts/hetzner/first-type-in-stock.ts. */
const variable = "FIDUS_SOLD_OUT";

/**
 * Runs `up`. A server whose type was sold out at the create itself, though one could be made a moment before, gets the next type of its
 * list: its answer is forgotten, and asked for anew without the type. Ends when every server is made or a list is at its end; any other
 * failure is the engine's.
 */
export async function upWithTypesInStock(
  engine: PulumiEngine,
  stack: string,
  onStep: (step: EngineStep) => void,
  notice: Notice,
): Promise<Changes> {
  const soldOut = new Map<string, readonly string[]>();
  for (;;) {
    try {
      return await engine.run("up", [], onStep, { [variable]: JSON.stringify(Object.fromEntries(soldOut)) });
    } catch (error) {
      const unavailable = error instanceof EngineRunError ? error.errors.filter(isSoldOut).map(({ urn }) => urn) : [];
      if (unavailable.length === 0) throw error;
      const answers = await answersFor(engine, stack, unavailable);
      const fresh = answers.filter(({ server, type }) => soldOut.get(server)?.includes(type) !== true);
      if (fresh.length === 0) throw error;
      for (const { server, type, urn } of fresh) {
        notice(`  ${server}: Hetzner had no ${type} when it was to be made; the next type of its list is asked for`);
        soldOut.set(server, [...(soldOut.get(server) ?? []), type]);
        await engine.call(["state", "delete", urn, "--stack", stack, "--yes"]);
      }
    }
  }
}

const serverOfHetzner = /\$hcloud:index\/server:Server::(.*)-server$/;

function isSoldOut({ urn, message }: EngineRunError["errors"][number]): boolean {
  return serverOfHetzner.test(urn) && message.includes("resource_unavailable");
}

/** Which type a server was to have. */
interface Answer {
  /** Of the command that gave it. */
  readonly urn: string;
  /** The server's name at Hetzner. */
  readonly server: string;
  readonly type: string;
}

interface StateEntry {
  readonly urn: string;
  readonly parent?: string;
  readonly inputs?: { readonly environment?: { readonly FIDUS_QUESTION?: unknown } };
  readonly outputs?: { readonly stdout?: unknown };
}

/** The answers that belong to these servers: grandchildren of the component that makes the server and its choice. */
async function answersFor(engine: PulumiEngine, stack: string, servers: readonly string[]): Promise<readonly Answer[]> {
  const state = JSON.parse(await engine.call(["stack", "export", "--stack", stack])) as {
    readonly deployment: { readonly resources?: readonly StateEntry[] };
  };
  const entries = state.deployment.resources ?? [];
  const parentOf = (urn: string | undefined): string | undefined => entries.find((entry) => entry.urn === urn)?.parent;
  const components = new Set(servers.map((urn) => urn.replace(serverOfHetzner, "::$1")));
  return entries.flatMap(({ urn, parent, inputs, outputs }) => {
    const [question, type] = [inputs?.environment?.FIDUS_QUESTION, outputs?.stdout];
    if (typeof question !== "string" || typeof type !== "string" || !components.has(parentOf(parent) ?? "")) return [];
    return [{ urn, type, server: (JSON.parse(question) as { server: string }).server }];
  });
}
