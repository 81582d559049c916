// What a receipt says in words about threshold release, for people who read receipts and not this repository. A rule
// that is not in force is not claimed; what follows from its absence is said.
import type { ThresholdRelease } from "./release.ts";

type Released = Pick<
  ThresholdRelease,
  "maxShare" | "extremes" | "rounding" | "bins" | "distinct" | "totals" | "joined"
>;

export function releaseWords(release: Released): Pick<ThresholdRelease, "protects" | "doesNotProtect"> {
  return {
    protects: [...ALWAYS, ...BY_RULE.flatMap(({ isInForce, says }) => (isInForce(release) ? [says] : []))],
    doesNotProtect: [
      ...NEVER,
      ...(release.joined === undefined ? [] : JOINED),
      ...BY_RULE.flatMap(({ isInForce, without }) =>
        isInForce(release) || without === null ? [] : [without],
      ),
      ...LAST,
    ],
  };
}

const ALWAYS: readonly string[] = [
  "A group is shown only if at least minUnits distinct units are in it. Smaller groups are left out, or null where the owner's rules always list them; how many there were is not shown.",
  "Figures over a column are null where fewer than minUnits units of the group have a value in it. A count of a column, an average, a variance and a covariance are null too where fewer than minUnits units, but not none, have a row without a value: out of each of them that number of rows can be worked out.",
  "What one unit adds to a group's sum is clipped to the bounds listed under clipping, also where the sum is averaged; for variances and covariances each row is clipped to them.",
  "A covariance or correlation is of the rows where both columns have a value. It is null where either column's figures over these rows would be, and where fewer than minUnits units lie off the least, or off the greatest, of a column's clipped values.",
  "Columns that the owner calls unit, identifier or hidden were neither filtered nor grouped by, and nothing of them is in the result.",
  "Every object that the manifest names was read exactly once, and no other: nobody was mixed in and nobody left out.",
];

interface Rule {
  readonly isInForce: (release: Released) => boolean;
  readonly says: string;
  /** What is not protected without it; null where nothing is lost. */
  readonly without: string | null;
}

/** Where two data sets are joined. */
const JOINED: readonly string[] = [
  "Join keys: whoever brings one data set chooses who is in it. With people that he knows, and one that he does not, he learns of that one what a group tells beyond the others; minUnits does not stop it. An owner's rules name with whom they let data be joined.",
];

const BY_RULE: readonly Rule[] = [
  {
    isInForce: ({ joined }) => joined !== undefined,
    says: "Join: both owners' rules name each other's data set and the key columns. Of each input by itself a group has to have as many distinct units as its entry under joined says, and is held to its maxShare where it has one, in the other's columns by totals that are not clipped; units are counted, and each owner's columns clipped by his units, after the join.",
    without: null,
  },
  {
    isInForce: ({ maxShare, joined }) =>
      (joined ?? [{ maxShare }]).some((rules) => rules.maxShare !== null && rules.maxShare < 1),
    says: "Dominance: the sum, average, variance and covariances of a column are null in a group where one unit has more than maxShare of the clipped contributions, taken without their signs. Rows of one unit that cancel out weigh on a variance all the same.",
    without:
      "Dominance: no share was set, so a sum or average may be nearly all of one unit's, up to the bounds to which it is clipped.",
  },
  {
    isInForce: ({ extremes }) => extremes.length > 0,
    says: "Extremes: the least or greatest value of a column is null unless at least minUnits distinct units hold that very value.",
    without: null,
  },
  {
    isInForce: ({ bins }) => bins !== undefined,
    says: "Bins: a column under bins is told by its bins or by an edge between them alone, and the edges are the owner's, so that nobody can lay one beside a value that he knows.",
    without: null,
  },
  {
    isInForce: ({ distinct }) => distinct !== undefined,
    says: "Distinct values: of each unit no more values count than distinct says, and a count of them is rounded to a multiple of that times minUnits. It is an estimate, with a standard error of 1.6%.",
    without: null,
  },
  {
    isInForce: ({ totals }) => totals.length > 0,
    says: "Totals: more groups and figures are withheld than are too small, so that what is left of a total beside its shown groups is of at least minUnits distinct units, and, taking no unit to be in several groups, no withheld count can be worked out from this result's totals more closely than to interval, and no sum more closely than to interval times the most that one unit can add to it.",
    without: null,
  },
  {
    isInForce: ({ rounding }) => rounding.counts !== null || Object.keys(rounding.sums).length > 0,
    says: "Rounding: counts and sums are multiples of what rounding says, and averages, variances and covariances are made of such rounded parts, so that nothing finer follows from several figures of one group. A variance that is too small for its rounding is null.",
    without:
      "Exact figures: nothing was rounded and there is no noise, so after clipping one unit's change shows in counts, sums and averages.",
  },
];

const NEVER: readonly string[] = [
  "Differencing: several jobs whose groups differ by a few units can together reveal those units. Each alone may pass every rule.",
  "Collusion: recipients who put results together, or who know the other members of a group, learn what remains.",
  "Auxiliary knowledge: who already knows much about a group can infer the rest from its figures. A figure that is withheld tells that some rule withheld it.",
  "Rows of one unit: a count, and what an average or variance is divided by, take every row of a unit, so one with very many rows can move them at will.",
  "The number of rows of the data set is public. A job without a filter tells how many rows all groups have together that it does not show; rounding of counts blurs it.",
];

const LAST: readonly string[] = [
  "The host as analyst: where rules allow ad-hoc plans, a host can submit plans of its own. It cannot read a sealed result, but a refusal for too many groups tells it one thing about them.",
  "Truth: the receipt says which data was computed on, not that the owner's data is right. Where unit is row, one person with many rows counts many times.",
];
