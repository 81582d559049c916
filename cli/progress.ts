// Progress on standard error: one line that rewrites itself on a terminal, a line now and then elsewhere. Nothing of
// it is a result; programs read standard output.
import { printable, WIDTH } from "./output.ts";

const TERMINAL_MS = 100;
const LOG_MS = 5_000;

export class Progress {
  readonly #terminal = process.stderr.isTTY;
  #shownAt = 0;
  #line = "";

  /** A fact to keep: on a line of its own. */
  note(text: string): void {
    this.clear();
    process.stderr.write(`${printable(text)}\n`);
  }

  /** How far it is; shown if the last showing is long enough ago. */
  update(text: string): void {
    const now = performance.now();
    if (this.#shownAt !== 0 && now - this.#shownAt < (this.#terminal ? TERMINAL_MS : LOG_MS)) return;
    this.#shownAt = now;
    this.#show(text);
  }

  /** The last word on something that `update` spoke of. */
  finish(text: string): void {
    this.clear();
    process.stderr.write(`${printable(text)}\n`);
    this.#shownAt = 0;
  }

  /** Wipes the line that rewrites itself. */
  clear(): void {
    if (this.#line === "") return;
    process.stderr.write(`\r${" ".repeat(this.#line.length)}\r`);
    this.#line = "";
  }

  #show(text: string): void {
    const line = printable(text).slice(0, WIDTH - 1);
    if (!this.#terminal) {
      process.stderr.write(`${line}\n`);
      return;
    }
    this.clear();
    process.stderr.write(line);
    this.#line = line;
  }
}

/** `[#####-----] 40%`. */
export function renderBar(done: number, of: number): string {
  const share = of === 0 ? 1 : Math.min(1, done / of);
  const filled = Math.floor(share * 20);
  return `[${"#".repeat(filled)}${"-".repeat(20 - filled)}] ${String(Math.floor(share * 100)).padStart(3)}%`;
}
