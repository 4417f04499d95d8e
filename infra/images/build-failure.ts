import type { Problem } from "../core/errors.ts";
import type { ImageName } from "./images.ts";

/** An image that could not be made: the last lines of the step that failed, and what it needs. */
export class ImageError extends Error {
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[], cause: unknown) {
    super(message, { cause });
    this.name = "ImageError";
    this.problems = problems;
  }
}

const resume = "then the same command again: what is built stays";

/** What the steps of a build need from outside, by what their output says; the first that fits, the last for the rest. */
const needs = [
  { when: /no space left on device|ENOSPC/i, rule: "room on the disk", fix: `docker system df; docker image prune; ${resume}` },
  { when: /^npm /, rule: "the packages of your npm registry", fix: `npm ping; ${resume}` },
  { when: /\bpip\b/, rule: "the packages of your Python index", fix: `pip config list; ${resume}` },
  { when: /(?:)/, rule: "the packages of your Debian mirror", fix: `apt-get update; ${resume}` },
] as const;

const shownLines = 15;

/** The house form of whatever stopped the build of `name`. */
export function buildFailure(name: ImageName, error: unknown): ImageError {
  const text = error instanceof Error ? error.message : String(error);
  const [first = "", ...rest] = text.split("\n");
  const { rule, fix } = needs.find(({ when }) => when.test(text)) ?? needs[3];
  const tail = rest.slice(-shownLines).map((line) => `\n    ${line}`);
  const got = first.replace(/:$/, "");
  return new ImageError(`image ${name} was not built${tail.join("")}`, [{ path: `images.${name}`, got, rule, fix }], error);
}
