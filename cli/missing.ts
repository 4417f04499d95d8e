import type { StackContainer } from "./containers.ts";
import type { StateResource } from "./engine.ts";

const containerType = "docker:index/container:Container";
const serviceType = "fidus:docker:Service";

/**
 * Names of the services that the stack's last run made or meant to make and that the engine does not hold: removed by hand,
 * or never made because that run failed. [] for a stack that is down.
 */
export function missingServices(state: readonly StateResource[], containers: readonly Pick<StackContainer, "id">[]): string[] {
  const recorded = state.filter(({ type }) => type === containerType);
  if (recorded.length === 0) return [];
  const ids = new Set(containers.map(({ id }) => id));
  const gone = recorded.filter(({ id }) => !ids.has(id)).map(({ urn, name }) => name ?? lastPart(urn));
  const made = new Set(recorded.map(({ parent }) => parent));
  const unmade = state.filter(({ type, urn }) => type === serviceType && !made.has(urn)).map(({ urn }) => lastPart(urn));
  return [...gone, ...unmade].sort();
}

function lastPart(urn: string): string {
  return urn.split("::").at(-1) ?? urn;
}
