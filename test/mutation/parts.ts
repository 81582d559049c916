// What is mutated, and the tests that are to notice.

export interface Part {
  /** Globs from the root. */
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

export const PARTS: ReadonlyMap<string, Part> = new Map([
  [
    "attestation",
    // Left out: what runs code in a realm without Node's globals, which changed code needs; and what flips every bit of
    // a document, which takes longer than all the others.
    { mutate: ["core/attestation/*.ts"], tests: ["test/attestation/!(browser|damage).test.ts"] },
  ],
  [
    "seal",
    {
      mutate: ["core/seal/*.ts"],
      tests: [
        // Left out: what reads each of many messages in every way, which takes longer than the others.
        "test/seal/!(flips|vectors).test.ts",
        "test/cms/*.test.ts",
        "test/adopt/{adopted,s3ec-metadata,vectors}.test.ts",
      ],
    },
  ],
  [
    "manifest",
    { mutate: ["core/manifest/*.ts"], tests: ["test/manifest/*.test.ts", "test/adopt/manifest.test.ts"] },
  ],
  [
    "gate",
    {
      mutate: ["jobs/aggregate/gate.ts", "jobs/aggregate/gate/*.ts"],
      // Left out: the property tests, which take longer than all the others.
      tests: [
        "cell-tables",
        "gate",
        "gate-deducible",
        "gate-figure",
        "gate-steps",
        "gate-totals",
        "rules-doc",
        "result",
      ].map((name) => `test/aggregate/${name}.test.ts`),
    },
  ],
  [
    // Complementary suppression, which the gate calls.
    "complement",
    {
      mutate: ["jobs/aggregate/complement.ts", "jobs/aggregate/complement/*.ts"],
      tests: ["test/aggregate/complement*.test.ts"],
    },
  ],
]);
