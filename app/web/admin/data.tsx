/** What the panels share: reading, changing, tables, and how things are written. */
import { useCallback, useEffect, useState } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";
import { announce } from "../state/announce.ts";
import { problemOf } from "../state/problems.ts";
import { isSignedOut } from "../state/session.ts";

export interface Data<T> {
  /** Null until read. */
  readonly value: T | null;
  readonly problem: string | null;
  readonly reload: () => Promise<void>;
  /** Does something and reads anew; says what was done, or what was not and why. Resolves to whether it was done. */
  readonly change: (work: () => Promise<unknown>, done: string) => Promise<boolean>;
}

/** Reads what `read` gives, and again after each change. `read` must stay the same function while it reads the same. */
export function useData<T>(read: () => Promise<T>): Data<T> {
  const [value, setValue] = useState<T | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const fail = (error: unknown): void => {
    if (isSignedOut(error)) return;
    const { title, advice } = problemOf(error);
    setProblem(`${title} ${advice}`);
  };
  const reload = useCallback(async (): Promise<void> => {
    try {
      setValue(await read());
      setProblem(null);
    } catch (error) {
      fail(error);
    }
  }, [read]);
  const change = async (work: () => Promise<unknown>, done: string): Promise<boolean> => {
    try {
      await work();
    } catch (error) {
      fail(error);
      return false;
    }
    announce(done);
    await reload();
    return true;
  };
  useEffect(() => void reload(), [reload]);
  return { value, problem, reload, change };
}

/** What went wrong last, said at once. */
export function Problem({ text }: { text: string | null }): JSX.Element {
  return <div role="alert">{text !== null && <p class="error">{text}</p>}</div>;
}

interface TableProps {
  readonly name: string;
  readonly columns: readonly (string | { readonly number: string })[];
  /** What stands in the place of no rows. */
  readonly none: string;
  readonly children: readonly ComponentChildren[];
}

/** A table that scrolls by itself where it is wider than the screen. */
export function Table({ name, columns, none, children }: TableProps): JSX.Element {
  if (children.length === 0) return <p class="muted">{none}</p>;
  return (
    <div class="table" role="region" aria-label={name} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => {
              const title = typeof column === "string" ? column : column.number;
              return (
                <th key={title} scope="col" class={typeof column === "string" ? undefined : "number"}>
                  {title === "" ? <span class="sr-only">Actions</span> : title}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** Day and time here; a dash for never. */
export const when = (date: string | null): string =>
  date === null ? "–" : new Date(date).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
export const usd = (amount: string | null): string => (amount === null ? "–" : `$${amount}`);
export const count = (number: number): string => number.toLocaleString();
