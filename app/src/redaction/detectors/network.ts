import { isIPv4, isIPv6 } from "node:net";
import { matches, type Detector, type Span } from "../kinds.ts";

const v4Like = /(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)/g;
const v6Like = /(?<![\w:.])[0-9A-Fa-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])/g;
const versionBefore = /(?:\bv|version|release|build)[ .:]{0,2}$/i;
/** Addresses that say nothing about anybody: this machine, any, masks. */
const nobody = /^(?:127\.|0\.0\.0\.0$|255\.|::1?$)/;

/** IPv4 and IPv6. Private networks count: they tell how a house is built. What is called a version is none. */
export const ip: Detector = {
  kind: "IP",
  *find(text): Generator<Span> {
    for (const span of matches(text, v4Like, (value) => isIPv4(value) && !nobody.test(value))) {
      if (!versionBefore.test(text.slice(Math.max(0, span.start - 10), span.start))) yield span;
    }
    // Short ones without a digit are rather names in a program: a::b.
    yield* matches(text, v6Like, (value) => /\d/.test(value) && value.length > 5 && isIPv6(value) && !nobody.test(value));
  },
};

const authority =
  /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}:\/\/(?<value>[^\s/:@"'<>\\]{0,256}:[^\s/@"'<>\\]{1,256}@[^\s/?#"'<>\\)\]]{1,256})/dgi;

/** User, password and host of a URL. */
export const credentials: Detector = { kind: "CREDENTIALS", find: (text) => matches(text, authority) };
