import { inputAt } from "../plan/values.ts";
import { unknown, violation, type Policy } from "./policy.ts";

/** By digest, by the engine's own id, or by a tag that is made of the content: 12 hexadecimal characters. */
const immutable = /@sha256:[0-9a-f]{64}$|^sha256:[0-9a-f]{64}$|:[0-9a-f]{12}$/;

/** The same plan is the same product tomorrow. */
export const images: Policy = {
  about: "Images are named by their content, not by a tag that can move.",
  fix: "Take the digest: NAME@sha256:…",
  check({ type, inputs }) {
    if (type !== "docker:index/container:Container") return [];
    const image = inputAt(inputs, "image");
    if (image.kind === "unknown" || image.kind === "secret") return [unknown("image")];
    const name = image.kind === "known" ? String(image.value) : "nothing";
    return immutable.test(name) ? [] : [violation(`image is ${JSON.stringify(name)}`)];
  },
};
