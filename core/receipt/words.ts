// What a receipt says in words about threshold release, for people who read receipts and not this repository.

export const PROTECTS: readonly string[] = [
  "A group is shown only if at least minUnits distinct units are in it. Smaller groups are left out, or null where the owner's rules always list them; how many there were is not shown.",
  "A count, sum or average over a column is null where fewer than minUnits units of the group have a value in it.",
  "What one unit adds to a group's sum is clipped to the bounds listed under clipping, also where the sum is averaged.",
  "Columns that the owner calls unit, identifier or hidden were neither filtered nor grouped by, and nothing of them is in the result.",
  "Every object that the manifest names was read exactly once, and no other: nobody was mixed in and nobody left out.",
];

export const DOES_NOT_PROTECT: readonly string[] = [
  "Differencing: several jobs whose groups differ by a few units can together reveal those units. Each alone may pass the threshold.",
  "Collusion: recipients who put results together, or who know the other members of a group, learn what remains.",
  "Auxiliary knowledge: who already knows much about a group can infer the rest from its figures.",
  "Sums without noise: counts, sums and averages are exact after clipping, so one unit's change shows in them. The count of a group less the count of a column in it is how many of its rows have no value, however few.",
  "Rows of one unit: a count, and what an average is divided by, take every row of a unit, so one with very many rows can move them at will.",
  "The host as analyst: where rules allow ad-hoc plans, a host can submit plans of its own. It cannot read a sealed result, but a refusal for too many groups tells it one thing about them.",
  "Truth: the receipt says which data was computed on, not that the owner's data is right. Where unit is row, one person with many rows counts many times.",
];
