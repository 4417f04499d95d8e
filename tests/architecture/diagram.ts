/** A resource as the engine's state has it, as far as a diagram needs it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly custom?: boolean;
  readonly parent?: string;
  readonly dependencies?: readonly string[];
}

/** A box: a component with resources of its own, or a resource without a component. */
interface Box {
  readonly urn: string;
  readonly label: string;
  /** URN of the component around it; null at the top. */
  readonly parent: string | null;
}

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? urn;
const kindOf = (type: string): string => type.split(":").at(-1) ?? type;
const isPlumbing = ({ type }: StateResource): boolean => type.startsWith("pulumi:");

/**
 * The graph of a stack as a Mermaid flowchart: a box per component with what it makes, a frame around the components of a
 * component, an arrow to what a box depends on. What follows from other arrows is left out.
 */
export function diagramOf(state: readonly StateResource[]): string {
  // The engine records what is ready first.
  const resources = state.toSorted((a, b) => (a.urn < b.urn ? -1 : 1));
  const all = new Map(resources.map((resource) => [resource.urn, resource]));
  const real = resources.filter((resource) => resource.custom === true && !isPlumbing(resource));
  const boxOf = (resource: StateResource): string => {
    const parent = all.get(resource.parent ?? "");
    return parent === undefined || isPlumbing(parent) ? resource.urn : parent.urn;
  };
  const made = Map.groupBy(real, boxOf);
  const boxes = [...made].map(([urn, own]) => box(all, urn, own));
  /** The boxes that a resource stands for: its own, or all inside a component. */
  const boxesOf = (target: StateResource): string[] => {
    if (target.custom === true) return isPlumbing(target) ? [] : [boxOf(target)];
    return boxes.filter(({ urn }) => ancestors(urn, all).includes(target.urn)).map(({ urn }) => urn);
  };
  // What a component waits for holds for everything inside it, and is recorded of the component alone.
  const needs = (urn: string, own: readonly StateResource[]): string[] =>
    [...own, ...ancestors(urn, all).flatMap((each) => all.get(each) ?? [])].flatMap(({ dependencies = [] }) => dependencies);
  const edges = reduced(
    new Map(
      [...made].map(([urn, own]) => {
        const reached = needs(urn, own)
          .flatMap((to) => all.get(to) ?? [])
          .flatMap(boxesOf);
        return [urn, new Set(reached.filter((to) => to !== urn))];
      }),
    ),
  );
  const ids = new Map(boxes.map(({ urn }, index) => [urn, `b${index + 1}`]));
  const lines = edges.map(([from, to]) => `  ${ids.get(from)} --> ${ids.get(to)}`).sort(byNumbers);
  return ["flowchart LR", ...frames(boxes, all, ids, null, "  "), ...lines].join("\n");
}

function box(all: ReadonlyMap<string, StateResource>, urn: string, own: readonly StateResource[]): Box {
  const self = all.get(urn);
  const kinds = [...Map.groupBy(own, ({ type }) => kindOf(type))]
    .map(([kind, many]) => (many.length === 1 ? kind : `${many.length} × ${kind}`))
    .sort();
  const isComponent = self?.custom !== true;
  const label = isComponent ? `<b>${nameOf(urn)}</b><br>${kinds.join("<br>")}` : `${nameOf(urn)}<br>${kinds.join("<br>")}`;
  const parent = all.get(self?.parent ?? "");
  return { urn, label, parent: parent === undefined || isPlumbing(parent) ? null : parent.urn };
}

/** The boxes inside a component, and frames for the components inside it that hold boxes themselves. */
function frames(
  boxes: readonly Box[],
  all: ReadonlyMap<string, StateResource>,
  ids: ReadonlyMap<string, string>,
  inside: string | null,
  indent: string,
): string[] {
  const own = boxes.filter(({ parent }) => parent === inside).map(({ urn, label }) => `${indent}${ids.get(urn)}["${label}"]`);
  const around = new Set(boxes.flatMap(({ parent }) => ancestors(parent, all)));
  const inner = [...around].filter((urn) => (parentOf(urn, all) ?? null) === inside);
  const framed = inner.flatMap((urn) => [
    `${indent}subgraph f${[...all.keys()].indexOf(urn)} [${nameOf(urn)}]`,
    ...frames(boxes, all, ids, urn, `${indent}  `),
    `${indent}end`,
  ]);
  return [...own, ...framed];
}

function parentOf(urn: string, all: ReadonlyMap<string, StateResource>): string | undefined {
  const parent = all.get(all.get(urn)?.parent ?? "");
  return parent === undefined || isPlumbing(parent) ? undefined : parent.urn;
}

/** A component and all around it. */
function ancestors(urn: string | null, all: ReadonlyMap<string, StateResource>): string[] {
  return urn === null ? [] : [urn, ...ancestors(parentOf(urn, all) ?? null, all)];
}

/** Without the arrows that a longer way says too. */
function reduced(edges: ReadonlyMap<string, ReadonlySet<string>>): [string, string][] {
  const reaches = (from: string, to: string, seen: Set<string>): boolean =>
    [...(edges.get(from) ?? [])].some((next) => {
      if (next === to) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, to, seen);
    });
  return [...edges].flatMap(([from, targets]) =>
    [...targets].flatMap((to): [string, string][] => {
      const longer = [...targets].some((other) => other !== to && reaches(other, to, new Set()));
      return longer ? [] : [[from, to]];
    }),
  );
}

function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
