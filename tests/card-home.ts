import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli, type Ended } from "../cli/testing.ts";

export interface Line {
  readonly quantity: string;
  readonly price: string;
  readonly monthly: string | null;
}

export interface Card {
  readonly schema: string;
  readonly stack: string;
  readonly complete: boolean;
  readonly priceDate: string;
  readonly baseline: string;
  readonly base: string | null;
  readonly totals: readonly { readonly before: string; readonly after: string; readonly diff: string }[];
  readonly resources: readonly {
    readonly op: string;
    readonly currency: string | null;
    readonly diff: string;
    readonly lines: readonly Line[];
    readonly beforeLines: readonly Line[];
  }[];
  readonly verdict: object;
}

/** A folder with files for `./fidus preview`. */
export class CardHome implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "fidus-card-"));

  /** The path of a new file there. */
  file(name: string, content: unknown): string {
    const path = join(this.folder, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  /** The JSON card of a plan, on the day of the price tables. */
  async preview(plan: unknown, ...args: readonly string[]): Promise<Ended & { readonly card: Card }> {
    const options = ["--json", ...(args.includes("--today") ? [] : ["--today", "2026-11-21"]), ...args];
    const ended = await runCli(this.folder, ["preview", "--plan", this.file("plan.json", plan), ...options]);
    return { ...ended, card: JSON.parse(ended.stdout) as Card };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
