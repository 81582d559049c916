// The `tokenization` of rules.yaml with all that a person leaves out: `keep` and `drop` for a whole rule, the newest
// version of a domain's key, the data set's own KMS key, the column's own role.
import type { JsonObject, JsonValue } from "../core/json.ts";
import { parseSealingJwk } from "../core/manifest/jwk.ts";
import type { ColumnEntry, Manifest } from "../core/manifest/manifest.ts";
import { Field } from "../core/text/field.ts";
import { compileCopy } from "../jobs/tokenize/compile.ts";

type Members = Readonly<Record<string, JsonValue | undefined>>;

/** As a manifest has it. Errors: OWNER_RULES. */
export function spellTokenization(
  members: Members,
  { schema, keyArn }: { readonly schema: readonly ColumnEntry[]; readonly keyArn: string },
): JsonObject {
  const root = new Field(members as JsonObject, "", "OWNER_RULES");
  const audiences = root.members().find(([name]) => name === "tokenization")?.[1];
  const newest = newestVersions(members["tokenKeys"]);
  const spell = (name: string, column: Field): JsonObject => {
    const role = schema.find((entry) => entry.name === name)?.role ?? "hidden";
    const plain = {
      domain: null,
      version: null,
      parameters: {},
      invalid: "error",
      class: null,
      unit: null,
      role,
    };
    if (typeof column.value === "string") return { ...plain, operator: column.value };
    const fields = column.record(
      ["operator"],
      ["domain", "version", "parameters", "invalid", "class", "unit", "role"],
    );
    const given = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.value]));
    const domain = fields.domain?.value ?? null;
    const version = typeof domain === "string" ? (newest.get(domain) ?? 1) : null;
    // YAML's own null is what a person means by it here.
    const invalid = fields.invalid?.value === null ? { invalid: "null" } : {};
    return { ...plain, version, ...given, ...invalid };
  };
  return Object.fromEntries(
    (audiences?.members() ?? []).map(([audience, member]) => {
      const { dataset, columns, key } = member.record(["dataset", "columns"], ["key"]);
      const spelt = columns.members().map(([name, column]) => [name, spell(name, column)] as const);
      const rule = {
        dataset: dataset.value,
        keyArn: key?.value ?? keyArn,
        columns: Object.fromEntries(spelt),
      };
      return [audience, rule];
    }),
  );
}

/** By domain. Malformed keys are refused where rules are parsed. */
function newestVersions(keys: JsonValue | undefined): ReadonlyMap<string, number> {
  const newest = new Map<string, number>();
  for (const key of Array.isArray(keys) ? (keys as readonly JsonValue[]) : []) {
    const { domain, version } = (key ?? {}) as { readonly domain?: JsonValue; readonly version?: JsonValue };
    if (typeof domain !== "string" || typeof version !== "number") continue;
    newest.set(domain, Math.max(version, newest.get(domain) ?? 0));
  }
  return newest;
}

/**
 * What the enclave would refuse of the rules' copies, refused before they are signed. `owner`: thumbprint.
 * @throws TOKEN_*
 */
export function checkTokenization(manifest: Manifest, owner: string): void {
  const { dataset, rules } = manifest;
  for (const audience of Object.keys(rules.tokenization ?? {})) {
    const base = {
      version: 1,
      inputs: [{ dataset, owner }],
      recipient: parseSealingJwk(manifest.ownerKey),
    } as const;
    compileCopy({ ...base, kind: "tokenize", audience, release: "sealed" }, manifest);
  }
}
