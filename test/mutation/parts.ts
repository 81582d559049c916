// What is mutated, and the tests that are to notice.

export interface Part {
  /** Globs from the root. */
  readonly mutate: readonly string[];
  readonly tests: readonly string[];
}

/** Tests that run code in a realm without Node's globals cannot run changed code, which needs them. */
const WITHOUT_REALM = "!test/**/browser.test.ts";

export const PARTS: ReadonlyMap<string, Part> = new Map([
  [
    "attestation",
    { mutate: ["core/attestation/*.ts"], tests: ["test/attestation/*.test.ts", WITHOUT_REALM] },
  ],
  ["seal", { mutate: ["core/seal/*.ts"], tests: ["test/seal/*.test.ts", "test/cms/*.test.ts"] }],
  [
    "manifest",
    { mutate: ["core/manifest/*.ts"], tests: ["test/manifest/*.test.ts", "test/adopt/manifest.test.ts"] },
  ],
  [
    "gate",
    {
      mutate: ["jobs/aggregate/gate.ts", "jobs/aggregate/gate/*.ts"],
      // The slowest last: it runs for what the others do not notice.
      tests: ["gate", "gate-totals", "rules-doc", "result", "gate-property"].map(
        (name) => `test/aggregate/${name}.test.ts`,
      ),
    },
  ],
]);
