// What the gate does to a result, in plain words: before a job from the owner's rules, after it from the receipt.
import type { BadRows } from "../core/receipt/bad-rows.ts";
import { limitsFor } from "../core/detect/classify.ts";
import type { ReleaseParameters } from "../core/receipt/compose.ts";
import { canonicalText } from "../core/json.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { ColumnRule, InvalidRule, TokenFacts } from "../core/manifest/tokenization.ts";
import { UNREVEALED } from "../core/receipt/unrevealed.ts";
import { SIDES } from "../core/plan/join.ts";
import type { JoinedRules, ReceiptRelease } from "../core/receipt/release.ts";

type Protections = ReleaseParameters & { readonly totals: readonly (readonly string[])[] };

/** Of a receipt. `order`: of the columns of a copy; a receipt has them by name. */
export function releaseFields(
  release: ReceiptRelease,
  order: readonly string[] = [],
): readonly (readonly [string, string])[] {
  switch (release.mode) {
    case "threshold":
      return protectionFields(release);
    case "tokens":
      return [
        [
          "copy",
          `${release.dataset}, for ${release.audience}; sealed under a key that KMS drew for this job`,
        ],
        ...columnFields(release.columns, order),
      ];
    case "reveal":
      return [
        ["revealed", Object.entries(release.tokens).map(revealedWords).join(", ")],
        ["rows", `at most ${release.maxRows}, by the grant`],
      ];
    case "profile":
      return profileFields(release.minUnits);
  }
}

/** `ssn (siv of domain person.ssn, version 2)`. */
function revealedWords([column, { operator, domain, version }]: readonly [string, TokenFacts]): string {
  const scope = domain === null ? "" : ` of domain ${domain}, version ${String(version)}`;
  return `${column} (${operator}${scope})`;
}

function profileFields(minUnits: number): readonly (readonly [string, string])[] {
  const { minValues, minMatches } = limitsFor(minUnits);
  return [
    ["released", "of each column the kind of identifier, and shares of its values in steps; no value"],
    ["few", `fewer than ${minMatches} are none; of a column with fewer than ${minValues} nothing is told`],
  ];
}

type Columns = Readonly<Record<string, ColumnRule>>;

/** A line for each column of the copy, then all that it does not have. */
function columnFields(columns: Columns, order: readonly string[]): readonly (readonly [string, string])[] {
  const dropped = Object.keys(columns).filter((name) => columns[name]?.operator === "drop");
  const kept = Object.entries(columns).filter(([name]) => !dropped.includes(name));
  const placeOf = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  kept.sort(([left], [right]) => placeOf(left) - placeOf(right));
  return [
    ...kept.map(([column, rule]) => ["column", columnWords(column, rule)] as const),
    ...(dropped.length === 0 ? [] : [["dropped", dropped.join(", ")] as const]),
  ];
}

/** `ssn: ssn (form letters) of domain person.ssn, version 2; what it does not take is null`. */
export function columnWords(column: string, rule: ColumnRule): string {
  const { operator, domain, version, parameters, invalid } = rule;
  const given = Object.entries(parameters).map(([name, value]) => `${name} ${parameterWords(value)}`);
  const how = given.length === 0 ? "" : ` (${given.join(", ")})`;
  const scope = domain === null ? "" : ` of domain ${domain}, version ${String(version)}`;
  const plain = operator === "keep" || operator === "drop";
  return `${column}: ${operator}${how}${scope}${plain ? "" : `; what it does not take is ${INVALID_WORDS[invalid]}`}`;
}

function parameterWords(value: JsonValue): string {
  return typeof value === "string" ? value : canonicalText(value);
}

const INVALID_WORDS: Readonly<Record<InvalidRule, string>> = {
  error: "an error",
  null: "null",
  redact: "redacted",
  quarantine: "null, and sealed to the owner",
};

export function protectionFields(release: Protections): readonly (readonly [string, string])[] {
  const {
    minUnits,
    maxGroups,
    maxRows,
    clipping,
    maxShare,
    extremes,
    rounding,
    interval,
    bins,
    distinct,
    totals,
    joined,
  } = release;
  const cap = maxRows === null ? "" : `, and ${maxRows} by the grant`;
  const steps = [
    ...(rounding.counts === null ? [] : [`counts to multiples of ${rounding.counts}`]),
    ...Object.entries(rounding.sums).map(([column, step]) => `sums of ${column} to multiples of ${step}`),
  ];
  return [
    ["released", `groups of ${minUnits} units or more; at most ${maxGroups} rows are listed${cap}`],
    ...(joined ?? []).map((rules, input) => ["joined", joinedWords(SIDES[input] ?? "", rules)] as const),
    ...clipping.map(
      ({ column, lower, upper }) =>
        [
          "clipped",
          `each unit's total of ${column}, to ${lower} .. ${upper}; for variances each row`,
        ] as const,
    ),
    ...(clipping.length === 0 ? [] : [["dominance", dominanceWords(maxShare)] as const]),
    ...extremes.map(
      (column) => ["extremes", `of ${column}, only where ${minUnits} units or more hold the value`] as const,
    ),
    ...Object.entries(bins ?? {}).map(([column, edges]) => ["bins", binWords(column, edges)] as const),
    ...Object.entries(distinct ?? {}).map(
      ([column, most]) =>
        [
          "distinct",
          `values of ${column}, ${most} of a unit at the most, to multiples of ${most * minUnits}`,
        ] as const,
    ),
    ...(totals.length === 0
      ? []
      : [
          [
            "totals",
            `${totals.length} besides the groups; more is withheld until no withheld count can be worked out to less than ${interval}`,
          ] as const,
        ]),
    [
      "rounded",
      steps.length === 0 ? "nothing: figures are exact after clipping" : `${steps.join("; ")}; ${DERIVED}`,
    ],
  ];
}

function joinedWords(side: string, { minUnits, maxShare }: JoinedRules): string {
  const share =
    maxShare === null || maxShare === 1 ? "" : `, none of them with more than ${maxShare} of a sum`;
  return `each group has ${minUnits} distinct units or more of the ${side} data set${share}`;
}

/** `of COST, at 0, 100, 1000`; of many edges the first ones and the last. */
function binWords(column: string, edges: readonly (string | number)[]): string {
  const few = edges.length <= MOST_EDGES;
  const shown = few ? edges : [...edges.slice(0, MOST_EDGES - 1), "...", edges.at(-1) ?? ""];
  return `of ${column}, at ${shown.join(", ")}${few ? "" : ` (${edges.length} edges)`}`;
}

const MOST_EDGES = 8;

const DERIVED =
  "averages and variances are made of rounded parts, and null where a variance is too small for its rounding";

function dominanceWords(maxShare: number | null): string {
  if (maxShare === null || maxShare === 1) return "no rule: a sum may be nearly all of one unit's";
  return `sums, averages and variances are null where one unit has more than ${Number((maxShare * 100).toFixed(6))}%`;
}

/** Of an opened result; the receipt says nothing of them. */
export function badRowFields(badRows: BadRows): readonly (readonly [string, string])[] {
  return Object.entries(badRows).flatMap(([column, share]) =>
    share === "not told"
      ? []
      : [["bad rows", `${column}: ${share} (no number, or too large to count as it is)`] as const],
  );
}

/** Of an opened result of a reveal job: how many rows have a token that did not open; null of others. */
export function unrevealedFields(rows: number | null): readonly (readonly [string, string])[] {
  if (rows === null || rows === 0) return [];
  return [["not revealed", `something in ${rows} rows: \`${UNREVEALED}\` says what and why`]];
}

export function encodeProtections({
  clipping,
  rounding,
  bins,
  distinct,
  joined,
  ...release
}: Protections): JsonObject {
  return {
    ...release,
    ...(joined === undefined ? {} : { joined: joined.map((rules) => ({ ...rules })) }),
    ...(bins === undefined ? {} : { bins: Object.fromEntries(Object.entries(bins)) }),
    ...(distinct === undefined ? {} : { distinct: { ...distinct } }),
    clipping: clipping.map((clip) => ({ ...clip })),
    extremes: [...release.extremes],
    rounding: { counts: rounding.counts, sums: { ...rounding.sums } },
    totals: release.totals.map((kept) => [...kept]),
  };
}
