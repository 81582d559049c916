// What a check found: what is so, why it matters, and the commands that change it. Checks are pure; who runs them prints.

/** `fix`: an enclave does not run, or does not protect, before this is changed. `warn`: it runs, and worse than it could. */
export type Level = "ok" | "warn" | "fix";

export interface Finding {
  /** A word or two that names the check: the same in every version. */
  readonly check: string;
  readonly level: Level;
  /** One sentence, or less, without its full stop. */
  readonly what: string;
  /** Why that matters; empty where all is well. */
  readonly why: string;
  /** Command lines as they are typed, in order. Empty where no command changes it. */
  readonly commands: readonly string[];
}

export function fine(check: string, what: string): Finding {
  return { check, level: "ok", what, why: "", commands: [] };
}

export function warning(check: string, what: string, why: string, commands: readonly string[] = []): Finding {
  return { check, level: "warn", what, why, commands };
}

export function obstacle(
  check: string,
  what: string,
  why: string,
  commands: readonly string[] = [],
): Finding {
  return { check, level: "fix", what, why, commands };
}

export function hasObstacle(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === "fix");
}
