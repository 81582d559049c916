// A test runner for Stryker that keeps the tests in its process, and switches the changes on and off under them: a
// process for each test file and change would take most of its time to start. A change that only the top level of a
// source reaches needs a fresh process, which Stryker starts; for a change that a test file's top level reaches, that
// file is loaded again.
//
// A failure counts only if the same test passes with the change off right after it. Otherwise the process is spoilt, by
// an earlier change or by a test that needs another before it, and Stryker repeats the run in a fresh one.
import { readFileSync, writeFileSync } from "node:fs";
import { loadId, loadTrials } from "./test-file.ts";
import type { Trial } from "./test-file.ts";

/** How often each change was reached, by its id. */
type Hits = Record<string, number>;

/** What the changed sources read and write: https://stryker-mutator.io/docs/stryker-js/guides/create-a-plugin. */
interface Switchboard {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  mutantCoverage?: { static: Hits; perTest: Record<string, Hits> };
  hitCount?: number;
  hitLimit?: number;
}

interface MutantRunOptions {
  readonly activeMutant: { readonly id: string };
  readonly mutantActivation: "static" | "runtime";
  /** Ids of the trials that reach the change; all, where there are none. */
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
}

interface RunnerOptions {
  readonly sealroom: { readonly testFiles: readonly string[] };
}

interface Change {
  readonly id: string;
  /** Reached by the top level of the sources. */
  readonly isStatic: boolean;
}

interface Step {
  /** How long it takes with no change on. */
  readonly ms: number;
  readonly run: () => Promise<Failure | undefined>;
}

interface Failure {
  readonly id: string;
  readonly message: string;
}

const SUCCESS = 0;
/** By trial, in milliseconds: measured in the process of the dry run, read by those of the changes. */
const TIMES_FILE = "trial-times.json";

const board: Switchboard = ((globalThis as { __stryker__?: Switchboard }).__stryker__ ??= {});

class InProcessRunner {
  readonly #files: readonly string[];
  readonly #loaded = new Map<string, readonly Trial[]>();

  constructor(files: readonly string[]) {
    this.#files = files;
  }

  capabilities(): object {
    return { reloadEnvironment: false };
  }

  /** Which trials reach which change, and how long each takes. */
  async dryRun(): Promise<object> {
    const coverage = (board.mutantCoverage ??= { static: {}, perTest: {} });
    const times: Record<string, number> = {};
    const measured = async <T>(id: string, run: () => T): Promise<Awaited<T>> => {
      const start = performance.now();
      board.currentTestId = id;
      const value = await run();
      board.currentTestId = undefined;
      times[id] = performance.now() - start;
      return value;
    };
    for (const file of this.#files) {
      const id = loadId(file);
      await measured(id, () => loadTrials(file));
      for (const change of Object.keys(coverage.perTest[id] ?? {})) coverage.static[change] = 1;
      coverage.perTest[id] = {};
      for (const trial of await measured(id, () => loadTrials(file))) await measured(trial.id, trial.run);
    }
    // What a test reaches is tried there: a fresh process is for what the top level of the sources alone reaches.
    for (const change of Object.values(coverage.perTest).flatMap((hits) => Object.keys(hits))) {
      Reflect.deleteProperty(coverage.static, change);
    }
    writeFileSync(TIMES_FILE, JSON.stringify(times));
    const tests = Object.entries(times).map(([id, ms]) => ({
      id,
      name: id,
      timeSpentMs: Math.ceil(ms),
      status: SUCCESS,
    }));
    return { status: "complete", tests, mutantCoverage: coverage };
  }

  /** The quickest test first; the first that fails is enough. */
  async mutantRun(options: MutantRunOptions): Promise<object> {
    const { activeMutant, mutantActivation, testFilter, hitLimit } = options;
    const change = { id: activeMutant.id, isStatic: mutantActivation === "static" };
    const times = JSON.parse(readFileSync(TIMES_FILE, "utf8")) as Readonly<Record<string, number>>;
    Object.assign(board, { hitCount: 0, hitLimit: hitLimit ?? Infinity });
    for (const step of this.#steps(change, testFilter ?? Object.keys(times), times)) {
      const failure = await step.run();
      if (isOverLimit()) return { status: "timeout", reason: "a loop runs on" };
      if (failure !== undefined) {
        return { status: "killed", killedBy: [failure.id], failureMessage: failure.message, nrOfTests: 1 };
      }
    }
    return { status: "survived", nrOfTests: 1 };
  }

  #steps(
    change: Change,
    wanted: readonly string[],
    times: Readonly<Record<string, number>>,
  ): readonly Step[] {
    const steps = this.#files.flatMap((file): readonly Step[] => {
      const ids = wanted.filter((id) => id.startsWith(file));
      if (ids.length === 0) return [];
      if (change.isStatic || ids.includes(loadId(file))) {
        const all = Object.keys(times).filter((id) => id.startsWith(file));
        const ms = all.reduce((sum, id) => sum + (times[id] ?? 0), 0);
        return [{ ms, run: () => tryFresh(file, change) }];
      }
      return ids.map((id) => ({ ms: times[id] ?? 0, run: () => this.#tryLoaded(file, id, change.id) }));
    });
    return steps.toSorted((a, b) => a.ms - b.ms);
  }

  /** A test of a file that was loaded with no change on. */
  async #tryLoaded(file: string, id: string, change: string): Promise<Failure | undefined> {
    const trials = this.#loaded.get(file) ?? (await loadTrials(file));
    this.#loaded.set(file, trials);
    const { run } = find(trials, id);
    const failure = await attempt(id, change, run);
    if (failure !== undefined && !isOverLimit()) await run();
    return failure;
  }
}

/** A file that is loaded with the change on, and so all its tests: what its top level prepares, any may use. */
async function tryFresh(file: string, { id: change, isStatic }: Change): Promise<Failure | undefined> {
  let trials: readonly Trial[] = [];
  let failure = await attempt(loadId(file), change, async () => {
    trials = await loadTrials(file);
  });
  for (const { id, run } of trials) failure ??= await attempt(id, change, run);
  // A change to the sources' top level is in this process for good.
  if (failure !== undefined && !isStatic && !isOverLimit()) {
    const sound = await loadTrials(file);
    if (failure.id !== loadId(file)) await find(sound, failure.id).run();
  }
  return failure;
}

async function attempt(id: string, change: string, run: Trial["run"]): Promise<Failure | undefined> {
  board.activeMutant = change;
  try {
    await run();
    return undefined;
  } catch (error) {
    return { id, message: String(error) };
  } finally {
    board.activeMutant = undefined;
  }
}

function find(trials: readonly Trial[], id: string): Trial {
  const found = trials.find((trial) => trial.id === id);
  if (found === undefined) throw new Error(`${id} is not registered as it was before`);
  return found;
}

/** Stryker's way to see that a change made a loop endless. */
function isOverLimit(): boolean {
  return (board.hitCount ?? 0) > (board.hitLimit ?? Infinity);
}

function createRunner({ sealroom }: RunnerOptions): InProcessRunner {
  return new InProcessRunner(sealroom.testFiles);
}
createRunner.inject = ["options"];

export const strykerPlugins = [{ kind: "TestRunner", name: "in-process", factory: createRunner }];
