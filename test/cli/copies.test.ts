// What commands say of copies with tokens: columns in the copy's order, and maps that rules.yaml takes as they stand.
import assert from "node:assert/strict";
import test from "node:test";
import { reportOf } from "../../cli/owner-report.ts";
import { releaseFields } from "../../cli/protections.ts";
import { renderVaults } from "../../cli/vaults.ts";
import type { ColumnRule, VaultEntry } from "../../core/manifest/tokenization.ts";
import { parseRulesFile } from "../../owner/rules-file.ts";

const PLAIN: ColumnRule = {
  operator: "keep",
  domain: null,
  version: null,
  parameters: {},
  invalid: "error",
  class: null,
  unit: null,
  role: "dimension",
};

test("a copy's columns are told in its order, and then those that it does not have", () => {
  const fields = releaseFields(
    {
      mode: "tokens",
      audience: "research",
      dataset: "copy",
      keyArn: "arn:aws:kms:eu-central-1:000000000000:key/12345678-1234-1234-1234-123456789012",
      columns: { Age: PLAIN, Name: { ...PLAIN, operator: "drop" }, Zip: PLAIN, id: PLAIN },
      minUnits: 10,
      delivery: { clear: true },
      protects: [],
      doesNotProtect: [],
    },
    ["id", "Zip", "Age"],
  );
  assert.deepEqual(
    fields.slice(1).map(([label, value]) => `${label} ${value}`),
    ["column id: keep", "column Zip: keep", "column Age: keep", "dropped Name"],
  );
});

test("maps are printed as rules.yaml takes them, whatever their names look like", async () => {
  const vaults: readonly VaultEntry[] = ["patient", "1e3", "true", "0x10"].map((domain) => ({
    domain,
    audience: "2026",
    map: {
      key: "0123456789012345/vault-0.sealed",
      version: 3,
      digest: "1".repeat(96),
      bytes: 10_456,
      rows: 214,
    },
  }));
  const lines = renderVaults(vaults);
  const { members } = await parseRulesFile(
    ["min_units: 10", "max_groups: 10", ...lines.slice(lines.indexOf("vaults:"))].join("\n"),
    () => Promise.reject(new Error("no key is named")),
  );
  assert.deepEqual(JSON.parse(JSON.stringify(members["vaults"])), vaults);
  assert.deepEqual(renderVaults([]), []);
});

test("the owner's report lies beside the copy's objects, under the digest of the receipt, and is told only where there is one", () => {
  const object = {
    key: "66657f304e913fb6/part-00000.sealed",
    format: "arrow",
    digest: "a".repeat(96),
    bytes: 100,
    rows: 1,
  } as const;
  const others = [
    { name: "output.json", sha384: "b".repeat(96) },
    { name: "vault-0.sealed", sha384: "c".repeat(96) },
  ];
  const report = { name: "quarantine.jwe", sha384: "d".repeat(96) };
  const at = { bucket: "data", prefix: "copies/research/" };
  assert.deepEqual(reportOf({ outputs: [...others, report] }, { objects: [object] }, at), {
    location: "s3://data/copies/research/66657f304e913fb6/quarantine.jwe",
    digest: report.sha384,
  });
  assert.equal(reportOf({ outputs: others }, { objects: [object] }, at), null);
});
