import { unzipSync } from "fflate";
import { z } from "zod";
import { cardSchema, type Card } from "../../cost/index.ts";
import type { GitHub } from "./github.ts";
import { RefusalError } from "./refusal.ts";

/** Bounds of what a run may hand over; a card of 1,000 resources has 1 MB. Units: bytes, artifacts. */
const limits = { zipped: 1_000_000, card: 4_000_000, artifacts: 10 } as const;

const prefix = "card-";
const stackName = /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/;

const listSchema = z.object({
  artifacts: z.array(
    z.object({ id: z.int().positive(), name: z.string(), size_in_bytes: z.int().nonnegative(), expired: z.boolean() }),
  ),
});

/**
 * The cards that a run of a pull request's own code handed over: artifacts `card-STACK`, each a zip of exactly one file `STACK.json`,
 * a card of that stack by the published schema. Nothing is written to a disk. Throws RefusalError for anything else.
 */
export async function cardsOfRun(github: GitHub, repository: string, run: number): Promise<readonly Card[]> {
  const { artifacts } = listSchema.parse(await github.get(`/repos/${repository}/actions/runs/${run}/artifacts?per_page=100`));
  const own = artifacts.filter(({ name, expired }) => name.startsWith(prefix) && !expired);
  if (own.length === 0) throw new RefusalError("The preview made none; its log says why.");
  if (own.length > limits.artifacts) throw new RefusalError("The preview handed over more artifacts than there can be cards.");
  const cards: Card[] = [];
  for (const { id, name, size_in_bytes: size } of own) {
    const stack = name.slice(prefix.length);
    if (!stackName.test(stack)) throw new RefusalError("An artifact has a name that no stack can have.");
    if (cards.some((card) => card.stack === stack)) throw new RefusalError("Two artifacts have the same name.");
    if (size > limits.zipped) throw new RefusalError("An artifact is larger than a card can be.");
    cards.push(readCard(await github.download(`/repos/${repository}/actions/artifacts/${id}/zip`, limits.zipped), stack));
  }
  return cards.sort((a, b) => (a.stack < b.stack ? -1 : 1));
}

/** The card in a zip. Throws RefusalError. */
function readCard(zip: Uint8Array, stack: string): Card {
  const text = onlyFile(zip, `${stack}.json`);
  const read = cardSchema.safeParse(jsonOf(text));
  if (!read.success) throw new RefusalError("What an artifact holds is no card by the published schema.");
  if (read.data.stack !== stack) throw new RefusalError("An artifact holds the card of another stack.");
  return read.data;
}

function onlyFile(zip: Uint8Array, wanted: string): string {
  let seen = 0;
  const files = unzipped(zip, ({ name, originalSize }) => {
    seen += 1;
    if (seen > 1 || name !== wanted) throw new RefusalError("An artifact holds other files than its one card.");
    if (originalSize > limits.card) throw new RefusalError("A card is larger than it can be.");
    return true;
  });
  const [file] = Object.values(files);
  if (file === undefined) throw new RefusalError("An artifact is empty.");
  return new TextDecoder().decode(file);
}

function unzipped(
  zip: Uint8Array,
  filter: (file: { readonly name: string; readonly originalSize: number }) => boolean,
): Readonly<Record<string, Uint8Array>> {
  try {
    return unzipSync(zip, { filter });
  } catch (error) {
    if (error instanceof RefusalError) throw error;
    throw new RefusalError("An artifact cannot be unpacked.");
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
