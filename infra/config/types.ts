import type { Duration, Money, Size } from "../core/units.ts";
import type { KeyName, keys } from "./keys.ts";
import type { Edition } from "./spec.ts";

type Spec<K extends KeyName> = (typeof keys)[K];

/** What edition E says differently about the key. */
type Own<K extends KeyName, E extends Edition> = Spec<K> extends { in: infer I } ? (E extends keyof I ? I[E] : unknown) : unknown;
type SpecIn<K extends KeyName, E extends Edition> = Omit<Spec<K>, keyof Own<K, E>> & Own<K, E>;

interface ByType {
  readonly integer: number;
  readonly port: number;
  readonly boolean: boolean;
  readonly map: Readonly<Record<string, string>>;
  readonly json: Readonly<Record<string, unknown>>;
  readonly list: readonly string[];
  readonly cidrs: readonly string[];
  readonly size: Size;
  readonly duration: Duration;
  readonly money: Money;
}

type Read<S> = S extends { type: "choice"; allowed: readonly (infer V)[] }
  ? V
  : S extends { type: "choices"; allowed: readonly (infer V)[] }
    ? readonly V[]
    : S extends { type: infer T extends keyof ByType }
      ? ByType[T]
      : string;

/** The typed value of an edition's key: null only where it may be absent. */
export type ValueOf<K extends KeyName, E extends Edition> =
  SpecIn<K, E> extends { required: true }
    ? Read<SpecIn<K, E>>
    : SpecIn<K, E> extends { default: null }
      ? Read<SpecIn<K, E>> | null
      : Read<SpecIn<K, E>>;

/** Exactly the keys that edition E may set, typed by the table. */
export type ConfigOf<E extends Edition> = {
  readonly [K in KeyName as E extends Spec<K>["editions"][number] ? K : never]: ValueOf<K, E>;
};

/** The keys whose values are secret. */
export type SecretKey = { [K in KeyName]: Spec<K> extends { secret: true } ? K : never }[KeyName];
