// Draws for made-up data: the same for the same seed, on every machine. No use for anything that must not be guessed.

export class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 or more, and below `limit`, a whole number up to 2^32. By xorshift32 (Marsaglia, 2003). */
  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return Math.floor(((state >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  /** As many decimal digits. */
  digits(length: number): string {
    return Array.from({ length }, () => this.below(10)).join("");
  }

  /** A day of these years, both included, as 2026-11-30. */
  day(firstYear: number, lastYear: number): string {
    const start = Date.UTC(firstYear, 0, 1);
    const days = (Date.UTC(lastYear + 1, 0, 1) - start) / DAY_MS;
    return new Date(start + this.below(days) * DAY_MS).toISOString().slice(0, 10);
  }
}

const DAY_MS = 86_400_000;

/** A CSV of values that need no quotes; the columns are the members of the first row. */
export function toCsv(rows: readonly Readonly<Record<string, string>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => names.map((name) => row[name] ?? "").join(","));
  return `${[names.join(","), ...lines].join("\n")}\n`;
}
