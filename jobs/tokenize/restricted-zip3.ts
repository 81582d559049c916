// Three-digit ZIP areas of 20,000 people or fewer, by the census that counted them. The rule asks for the current census
// data: a newer list is a new entry here; an entry never changes, since its name stands in signed rules.

export const RESTRICTED_ZIP3: ReadonlyMap<string, readonly string[]> = new Map([
  [
    // As the Department of Health and Human Services lists them in its guidance on de-identification.
    "2000",
    [
      "036",
      "059",
      "063",
      "102",
      "203",
      "556",
      "692",
      "790",
      "821",
      "823",
      "830",
      "831",
      "878",
      "879",
      "884",
      "890",
      "893",
    ],
  ],
]);
