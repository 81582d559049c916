// The texts of a proposed schema.yaml and rules.yaml, with a comment for what the owner has to decide.
import type { ColumnType } from "../core/column/type.ts";
import type { Role } from "../core/manifest/manifest.ts";
import type { ColumnFacts } from "./propose-role.ts";
import type { ColumnIdentity } from "./identify.ts";
import { OPEN_UNIT } from "./schema-file.ts";
import { yamlText } from "./yaml-text.ts";

export interface ProposedColumn extends ColumnFacts {
  readonly typeName: string;
  readonly role: Role;
  readonly why: string;
  readonly identity: ColumnIdentity;
  /** The column's value in SQL. */
  readonly value: string;
  /** 1% and 99% quantiles of a number: of units' totals where there is a unit, else of rows. */
  readonly quantiles: readonly [number, number] | null;
}

/** Who is protected: whoever a column names, each row by itself, or nobody knows yet. */
export type Scope = ProposedColumn | "row" | null;

export const ROW_UNIT = "row";

export function schemaText(
  columns: readonly ProposedColumn[],
  unit: Scope,
  dropped: readonly string[],
  delimiter: string,
): string {
  const head =
    unit === null
      ? [
          "# CHOOSE: who is protected. No column was found that says whose row it is, and this cannot be guessed: write the",
          "# column that names the person, and give it the role unit below; or write `row`, only where no person has two rows.",
          "# Until then `sealroom seal` refuses this file.",
          `unit: ${OPEN_UNIT}`,
        ]
      : [
          "# CONFIRM: who is protected: whoever this column names. `row` only where each row is somebody else.",
          `unit: ${unit === "row" ? ROW_UNIT : yamlText(unit.name)}`,
        ];
  const lines = columns.map(
    ({ name, typeName, role, why }) =>
      `  ${yamlText(name)}: { type: ${yamlText(typeName)}, role: ${role} } # ${why}`,
  );
  return [
    "# How the columns are read, and what each may be used for. Roles:",
    "#   unit        whose row it is; never released      identifier  never released, filtered by or grouped by",
    "#   dimension   may be grouped and filtered by       measure     may be summed, averaged and so on, within bounds",
    "#   hidden      sealed, but takes part in nothing",
    ...head,
    "null_units: refuse # or drop: leave out rows without a unit",
    ...(delimiter === "," ? [] : ["delimiter: tab"]),
    'null_tokens: [""] # CSV: what stands for null where it is not quoted',
    ...(dropped.length === 0
      ? []
      : [`drop: [${dropped.map(yamlText).join(", ")}] # of types that cannot be sealed`]),
    "columns:",
    ...lines,
    "",
  ].join("\n");
}

export function rulesText(columns: readonly ProposedColumn[], unit: Scope): string {
  const found = columns.flatMap(({ name, role, type, quantiles }) => {
    if (role !== "measure" || quantiles === null) return [];
    const [lower, upper] = boundsOf(quantiles, type);
    return [`  ${yamlText(name)}: { lower: ${lower}, upper: ${upper} }`];
  });
  // What rows hold says nothing of what a unit's rows come to: such bounds would clip every honest total, unseen.
  const bounds = unit === null ? [] : found;
  const [about, from] =
    unit === null
      ? [
          "# all rows. None are proposed, since no unit is chosen yet: choose one, remove these two files, and propose again",
          "# with `sealroom seal --init FILE --unit COLUMN`. A measure without bounds can be counted, and not summed.",
        ]
      : [
          "# all rows. From the 1% and 99% quantiles of units' totals, rounded: CONFIRM that honest totals fit, and that the",
          "# numbers give nobody away.",
        ];
  return [
    "# What may be released. These rules are signed, not secret: anyone who holds the manifest can read them.",
    "min_units: 10 # a group of fewer distinct units is suppressed",
    "max_groups: 10000 # a job whose result would list more groups, totals among them, is refused",
    "max_share: 0.8 # where one unit has more than this share of a sum, the sum, average and variance are withheld",
    "interval: 10 # with totals: no count that is withheld may be worked out more closely than this",
    "extremes: [] # measures of which min and max may be asked; they are shown only where min_units units hold the value",
    "rounding: {} # { counts: 5, sums: { COLUMN: 100 } } rounds what is released to such multiples",
    "adhoc: false # true lets the recipients below run any plan that the roles allow; false asks for a grant, or a listed plan",
    "plans: [] # digests of plans that may always run, as `sealroom explain` prints them",
    "recipients: [] # public key files of those who may receive results, relative to this file",
    "release: sealed # clear would let a plan ask for results that the host can read",
    "group_keys: {} # column: [values] that are always listed, so that a missing group tells nothing",
    "bins: # column: [edges] that rise: the bins by which a column may be told, and the values that a quantile may have",
    "distinct: # column: how many distinct values one unit may add (1 to 8); of these columns alone they may be counted",
    "# Each unit's TOTAL in a group is clipped to this, in the column's own unit; an average is of these totals, divided by",
    about,
    from,
    ...(bounds.length === 0 ? ["bounds: {}"] : ["bounds:", ...bounds]),
    "",
  ].join("\n");
}

/** Outward to two digits, in whole steps of the type; zero is always inside. */
function boundsOf([low, high]: readonly [number, number], type: ColumnType): readonly [number, number] {
  const places = type.kind === "decimal" ? type.scale : type.kind === "int" ? 0 : 6;
  return [-outward(Math.max(0, -low), places), outward(Math.max(0, high), places)];
}

function outward(value: number, places: number): number {
  if (value === 0 || !Number.isFinite(value)) return 0;
  const step = 10 ** Math.max(Math.floor(Math.log10(value)) - 1, -places);
  const rounded = Math.min(
    Number((Math.ceil(value / step) * step).toFixed(places)),
    Number.MAX_SAFE_INTEGER / 10 ** places,
  );
  return Object.is(rounded, -0) ? 0 : rounded;
}
