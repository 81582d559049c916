// A child process that cannot outlive this one: the kernel kills it when this process dies, however it dies. Its
// standard input is empty, its environment too but for PATH.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";

export class BoundProcess {
  readonly #child: ChildProcess;
  /** Resolves when the process is gone, or could not be started; never rejects. */
  readonly ended: Promise<void>;

  /** `log`: an open file for all it prints. */
  constructor(program: string, args: readonly string[], log: number) {
    this.#child = spawn("setpriv", ["--pdeathsig", "KILL", "--", program, ...args], {
      stdio: ["ignore", log, log],
      env: { PATH: process.env["PATH"] },
    });
    this.ended = new Promise((resolve) => {
      this.#child.once("error", () => {
        resolve();
      });
      this.#child.once("exit", () => {
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}
