// The encryption contexts that the linter tries on a statement: those that an enclave of Sealroom makes, with the
// statement's own values where it has some, and the one that the statement itself spells out.
import type { ReadStatement } from "./reading.ts";

export type Pairs = Readonly<Record<string, string>>;
export type Purpose = "dataset" | "token" | "output";

export const PURPOSES: readonly Purpose[] = ["dataset", "token", "output"];
/** What each purpose's context has beside owner and purpose. */
export const FIELDS: Readonly<Record<Purpose, readonly string[]>> = {
  dataset: ["dataset", "epoch"],
  token: ["domain", "version"],
  output: ["dataset", "job"],
};
/** What stands where a statement has no value of its own. */
const FILLERS: Pairs = {
  owner: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  dataset: "sealroom-lint-dataset",
  epoch: "999999999999999",
  domain: "sealroom-lint-domain",
  version: "999999999999999",
  job: "5c".repeat(48),
};

const CONTEXT = /^kms:encryptioncontext:(.+)$/is;

/** Values that a statement compares a context's key with, in the order written, without negated ones. */
export function valuesOf({ conditions }: ReadStatement, key: string): readonly string[] {
  return conditions.flatMap((condition) => {
    const name = CONTEXT.exec(condition.key)?.[1];
    const { judged } = condition;
    if (name?.toLowerCase() !== key.toLowerCase() || judged === null) return [];
    return judged.test === "absence" || judged.negated ? [] : judged.operands.map(withoutWildcards);
  });
}

/** The context that an enclave makes for the purpose; fields that the statement says nothing of are nobody's. */
export function purposeContext(statement: ReadStatement, purpose: Purpose): Pairs {
  const field = (name: string): readonly [string, string] => {
    const key = `sealroom:${name}`;
    return [key, valuesOf(statement, key)[0] ?? FILLERS[name] ?? ""];
  };
  return Object.fromEntries([
    field("owner"),
    ["sealroom:purpose", purpose] as const,
    ...FIELDS[purpose].map(field),
  ]);
}

/** Token contexts of every domain and version that the statement names, and of one that it does not name at all. */
export function tokenContexts(statement: ReadStatement): readonly Pairs[] {
  const own = purposeContext(statement, "token");
  const values = (field: string): readonly string[] => [
    ...valuesOf(statement, `sealroom:${field}`),
    otherValue(statement, field),
  ];
  return values("domain").flatMap((domain) =>
    values("version").map((version) => ({
      ...own,
      "sealroom:domain": domain,
      "sealroom:version": version,
    })),
  );
}

/** A value of the field that the statement does not have. */
export function otherValue({ conditions }: ReadStatement, field: string): string {
  const taken = conditions.flatMap(({ operands }) => operands);
  return unlike(FILLERS[field] ?? "nothing", taken);
}

/** The text, or a longer one, so that it is none of these. */
export function unlike(text: string, taken: readonly string[]): string {
  return taken.includes(text) ? unlike(`${text}x`, taken) : text;
}

/** The context that the statement spells out, whatever keys it is made of. */
export function ownContext(statement: ReadStatement): Pairs {
  const named = statement.conditions.flatMap(({ key }) => CONTEXT.exec(key)?.[1] ?? []);
  const listed = statement.conditions
    .filter(({ key }) => key.toLowerCase() === "kms:encryptioncontextkeys")
    .flatMap(({ judged }) => (judged === null || judged.test === "absence" ? [] : judged.operands));
  const keys = new Map([...named, ...listed].map((key) => [key.toLowerCase(), key]));
  return Object.fromEntries([...keys.values()].map((key) => [key, valuesOf(statement, key)[0] ?? "other"]));
}

/** Some value that a pattern fits. */
export function withoutWildcards(pattern: string): string {
  return pattern.replaceAll("*", "").replaceAll("?", "0");
}
