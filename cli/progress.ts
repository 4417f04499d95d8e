import { stripVTControlCharacters, styleText } from "node:util";

/** Handle of a running step. */
export interface Step {
  /** Shows what is being done now, beside the title. */
  update(detail: string): void;
  /** Marks the step as not needed; it ends with this reason in place of its duration. */
  skip(reason: string): void;
}

/** Shows long work as steps with elapsed time. Everything goes to one stream, stderr: stdout belongs to results. */
export interface Progress {
  /** Runs `work` as a step; its result or error passes through. Steps may run side by side. */
  step<T>(title: string, work: (step: Step) => Promise<T>): Promise<T>;
  /** A line above the running steps. */
  note(text: string): void;
}

export interface ProgressOptions {
  readonly stream: ProgressStream;
  /** A terminal: running steps are redrawn in place. Else one line when a step ends, and one each `heartbeatMs`. */
  readonly tty: boolean;
  /** Milliseconds between the signs of life of a long step without a terminal. @default 30000 */
  readonly heartbeatMs?: number;
  /** @default performance.now */
  readonly now?: () => number;
}

/** The part of a tty stream that progress needs. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly columns?: number | undefined;
}

interface Running {
  readonly title: string;
  readonly startedAt: number;
  detail: string;
  skipped: string | null;
  beatAt: number;
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] as const;
const redrawMs = 120;

/** Progress on one stream. Holds no timer while no step runs. */
export function createProgress({ stream, tty, heartbeatMs = 30_000, now = () => performance.now() }: ProgressOptions): Progress {
  const running = new Set<Running>();
  let drawn = 0;
  let frame = 0;
  let timer: NodeJS.Timeout | null = null;

  const erase = (): string => (drawn === 0 ? "" : `\u001b[${drawn}A\u001b[0J`);
  const block = (): string[] =>
    [...running].map((step) => fit(`${frames[frame % frames.length]} ${live(step)}`, stream.columns ?? 80));
  const live = (step: Running): string =>
    `${step.title}${step.detail === "" ? "" : ` · ${step.detail}`} (${elapsed(now() - step.startedAt)})`;

  function draw(above: string): void {
    const lines = tty ? block() : [];
    stream.write(`${erase()}${above}${lines.map((line) => `${line}\n`).join("")}`);
    drawn = lines.length;
  }

  function tick(): void {
    frame += 1;
    if (tty) return draw("");
    for (const step of running) {
      if (now() - step.beatAt < heartbeatMs) continue;
      step.beatAt = now();
      stream.write(`… ${live(step)}\n`);
    }
  }

  function begin(title: string): Running {
    const step: Running = { title, startedAt: now(), detail: "", skipped: null, beatAt: now() };
    running.add(step);
    timer ??= setInterval(tick, tty ? redrawMs : Math.min(heartbeatMs, 1000)).unref();
    if (tty) draw("");
    return step;
  }

  function end(step: Running, mark: string): void {
    running.delete(step);
    if (running.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
    draw(`${mark} ${step.title} (${step.skipped ?? elapsed(now() - step.startedAt)})\n`);
  }

  async function step<T>(title: string, work: (step: Step) => Promise<T>): Promise<T> {
    const state = begin(title);
    try {
      const result = await work({
        update: (detail) => void (state.detail = oneLine(detail)),
        skip: (reason) => void (state.skipped = reason),
      });
      end(state, state.skipped === null ? paint("green", "✓", tty) : "-");
      return result;
    } catch (error) {
      end(state, paint("red", "✗", tty));
      throw error;
    }
  }

  return { step, note: (text) => draw(`${text}\n`) };
}

/** Milliseconds as people read them: `0.4 s`, `42 s`, `3 min 05 s`. */
export function elapsed(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

function paint(color: "green" | "red", text: string, tty: boolean): string {
  return tty ? styleText(color, text, { validateStream: false }) : text;
}

/** Program output must not move the cursor. */
function oneLine(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\s+/g, " ").trim();
}

/** A wrapped line would break the redraw, which counts lines. */
function fit(line: string, columns: number): string {
  return line.length < columns ? line : `${line.slice(0, Math.max(columns - 2, 1))}…`;
}
