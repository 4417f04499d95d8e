import { writeFileSync } from "node:fs";
import type { SerializedError } from "vitest";
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";
import { moduleResults, type TestResult } from "./results.ts";

/** Writes every test of a run as a list of {@link TestResult} into vitest's `outputFile`. */
export default class ResultsReporter implements Reporter {
  #file = "";

  onInit({ config }: Vitest): void {
    if (typeof config.outputFile !== "string") throw new Error("the results need --outputFile=PATH");
    this.#file = config.outputFile;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const outside = unhandled.map((error): TestResult => {
      return { file: "vitest", name: "an error outside every test", status: "failed", message: describe(error) };
    });
    writeFileSync(this.#file, JSON.stringify([...modules.flatMap(readModule), ...outside]));
  }
}

function readModule(module: TestModule): TestResult[] {
  const file = module.relativeModuleId;
  const tests = [...module.children.allTests()].map((test) => readTest(file, test));
  // An error of a hook belongs to the suite whose hook it is: its tests are skipped and say nothing of it.
  const errors = [module, ...module.children.allSuites()].flatMap((suite) =>
    suite.errors().map((error) => ({ name: titleOf(suite), message: describe(error) })),
  );
  return moduleResults(file, tests, errors);
}

function readTest(file: string, test: TestCase): TestResult {
  const { state, errors = [] } = test.result();
  const { figure } = test.meta();
  return {
    file,
    name: titleOf(test),
    status: state === "pending" ? "skipped" : state,
    ...(errors.length === 0 ? {} : { message: errors.map(describe).join("\n") }),
    ...(figure === undefined ? {} : { figure }),
  };
}

/** Suites and name, joined by spaces; empty for a file. */
function titleOf(task: TestCase | TestSuite | TestModule): string {
  return task.type === "module" ? "" : `${titleOf(task.parent)} ${task.name}`.trim();
}

/** What an error says, with where it was thrown. */
function describe({ message, stack, name }: SerializedError): string {
  const place = stack?.split("\n").find((line) => /^\s+at .*\.test\.ts/.test(line));
  return [message || name || "an error that says nothing", ...(place === undefined ? [] : [place.trim()])].join("\n");
}
