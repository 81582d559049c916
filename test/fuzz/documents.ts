// Signed documents and what is in them: manifests, grants, plans, receipts, sealed results.
import assert from "node:assert/strict";
import { encodeCanonical } from "../../core/json.ts";
import { parseGrant } from "../../core/manifest/grant.ts";
import { parseManifest } from "../../core/manifest/parse.ts";
import { signGrant, signManifest } from "../../core/manifest/sign.ts";
import { GRANT_FORM, MANIFEST_FORM, verifyGrant, verifyManifest } from "../../core/manifest/verify.ts";
import { signJws } from "../../core/manifest/jws.ts";
import { parsePlan } from "../../core/plan/parse.ts";
import { padResult, unpadResult } from "../../core/receipt/padding.ts";
import { encodeReceipt, parseReceipt } from "../../core/receipt/receipt.ts";
import { openResult, sealResult } from "../../core/receipt/sealed-result.ts";
import { encodeStatement, parseStatement } from "../../core/receipt/statement.ts";
import { verifyReceipt } from "../../core/receipt/verify.ts";
import { compileProgram, mostResultBytes } from "../../jobs/registry.ts";
import { exampleGrant, exampleManifest, NOW } from "../manifest/example.ts";
import { analyst, compile, JOB, owner } from "../plan/example.ts";
import { check, statement } from "../receipt/example.ts";
import type { Dice } from "./dice.ts";
import { mutateBytes } from "./mutate.ts";
import type { Mutation } from "./mutate.ts";
import { assertSame } from "./target.ts";
import type { Target } from "./target.ts";
import { mutateJson } from "./text.ts";

const manifest = exampleManifest(analyst.publicKey);
const grant = exampleGrant(analyst.thumbprint);
const plan = await compile(JOB);
/** A plan that computes all kinds of columns, and rules that declare what it takes. */
const declaring = {
  ...manifest,
  rules: {
    ...manifest.rules,
    expressions: { net: { op: "-", of: ["cost", { op: "*", of: ["minutes", 0.5] }] } },
    bins: { minutes: [0, 60] },
    distinct: { city: 2 },
    bounds: { ...manifest.rules.bounds, net: { lower: 0, upper: 500 } },
  },
} as const;
const computing = {
  ...plan.plan,
  computed: [
    { as: "age", cases: [{ when: { column: "ward", op: "<", value: 3 }, then: "low" }], otherwise: null },
    { as: "band", bin: "minutes" },
    { as: "month", truncate: "month", of: "seen" },
    { as: "net", arithmetic: declaring.rules.expressions.net },
    { as: "year", part: "year", of: "admitted" },
  ],
  groupBy: ["age", "band", "month", "year"],
  select: [
    { as: "n", op: "count" },
    { as: "total", op: "sum", column: "net" },
    { as: "together", op: "corr", column: "net", with: "cost" },
    { as: "half", op: "approx_quantile", column: "minutes", at: 0.5 },
    { as: "cities", op: "approx_distinct", column: "city" },
  ],
  having: {
    or: [
      { column: "n", op: ">", value: 5 },
      { column: "total", isNull: false },
    ],
  },
  orderBy: [{ column: "n", direction: "desc" }],
  limitBy: { count: 3, columns: ["year"] },
};
const manifestJws = await signManifest(manifest, owner.signingKey);
const grantJws = await signGrant(grant, owner.signingKey);

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** One of the parts between the dots, its base64url kept right: its JSON where it has some, else its bytes. */
const mutateParts: Mutation = (bytes, dice, others) => {
  const parts = textOf(bytes).split(".");
  const at = dice.below(parts.length);
  const decode = (part: string | undefined): Uint8Array =>
    new Uint8Array(Buffer.from(part ?? "", "base64url"));
  const inside = decode(parts[at]);
  const alike = others.map((other) => decode(textOf(other).split(".")[at]));
  const mutant = inside[0] === 0x7b ? mutateJson(inside, dice, alike) : mutateBytes(inside, dice, alike);
  parts[at] = Buffer.from(mutant).toString("base64url");
  if (dice.chance(0.1)) {
    parts.splice(dice.below(parts.length + 1), dice.below(2), parts[dice.below(parts.length)] ?? "");
  }
  return ascii(parts.join("."));
};

/** Anybody can sign anything: what is inside is not ours because it is signed. */
function resigned(
  form: typeof MANIFEST_FORM,
  payload: object,
): (input: Uint8Array, dice: Dice) => Promise<Uint8Array> {
  const seed = encodeCanonical(payload);
  return async (input, dice) =>
    dice.chance(0.8) ? input : signJws(mutateJson(seed, dice, []), form, owner.signingKey);
}

const resignManifest = resigned(MANIFEST_FORM, manifest);
const resignGrant = resigned(GRANT_FORM, grant);

export const DOCUMENT_TARGETS: readonly Target[] = [
  {
    name: "manifest",
    seeds: [encodeCanonical(manifest)],
    mutations: [mutateJson],
    decode: (input) => {
      assertSame(encodeCanonical(parseManifest(input)), input);
    },
    codes: 10,
    accepts: true,
  },
  {
    name: "grant",
    seeds: [encodeCanonical(grant)],
    mutations: [mutateJson],
    decode: (input) => {
      assertSame(encodeCanonical(parseGrant(input)), input);
    },
    codes: 7,
    accepts: true,
  },
  {
    name: "plan",
    seeds: [
      plan.bytes,
      encodeCanonical({ ...plan.plan, where: null, limit: null }),
      encodeCanonical(computing),
    ],
    mutations: [mutateJson],
    decode: (input) => {
      const parsed = parsePlan(input);
      assertSame(encodeCanonical(parsed), input);
      // What a host may ask for is compiled against what an owner signed.
      assert.ok(mostResultBytes(compileProgram(parsed, [declaring])) > 0);
    },
    codes: 12,
    accepts: true,
  },
  {
    name: "plan on any manifest",
    seeds: [encodeCanonical(manifest)],
    mutations: [mutateJson],
    decode: (input) => compileProgram(plan.plan, [parseManifest(input)]),
    codes: 10,
    accepts: true,
    share: 4,
  },
  {
    name: "signed manifest",
    seeds: [manifestJws],
    mutations: [mutateParts, mutateBytes],
    decode: async (input, { dice }) => {
      const signed = await resignManifest(input, dice);
      const verified = await verifyManifest(signed, { nowMs: NOW });
      assertSame(encodeCanonical(verified.manifest), payloadOf(signed));
      if (signed === input) assertSame(input, manifestJws);
    },
    codes: 12,
    accepts: true,
  },
  {
    name: "signed grant",
    seeds: [grantJws],
    mutations: [mutateParts, mutateBytes],
    decode: async (input, { dice }) => {
      const signed = await resignGrant(input, dice);
      const verified = await verifyGrant(signed, { nowMs: NOW });
      assertSame(encodeCanonical(verified.grant), payloadOf(signed));
      if (signed === input) assertSame(input, grantJws);
    },
    codes: 9,
    accepts: true,
    share: 5,
  },
  {
    name: "statement",
    seeds: [encodeStatement(statement)],
    mutations: [mutateJson],
    decode: (input) => {
      assertSame(encodeStatement(parseStatement(input)), input);
    },
    codes: 8,
    accepts: true,
  },
  {
    name: "receipt",
    seeds: [check.receipt],
    mutations: [mutateJson, mutateBytes],
    decode: (input) => {
      assertSame(encodeReceipt(parseReceipt(input)), input);
    },
    codes: 1,
    accepts: true,
  },
  {
    name: "receipt, verified",
    seeds: [check.receipt],
    mutations: [mutateReceipt],
    decode: (input) => verifyReceipt({ ...check, receipt: input }),
    codes: 6,
    accepts: false,
    share: 20,
  },
  {
    name: "sealed result",
    seeds: [await sealResult(new Uint8Array(200).fill(1), analyst.publicKey, 0)],
    mutations: [mutateParts, mutateBytes],
    decode: (input) => openResult(input, analyst.jwk),
    codes: 2,
    accepts: false,
  },
  {
    name: "padded result",
    seeds: [padResult(new Uint8Array(100).fill(1), 0), padResult(new Uint8Array(0), 0)],
    mutations: [mutateBytes],
    decode: (input) => {
      assertSame(padResult(unpadResult(input), input.length - 8), input);
    },
    codes: 1,
    accepts: true,
  },
];

function payloadOf(jws: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.from(textOf(jws).split(".")[1] ?? "", "base64url"));
}

/** Document and statement apart, inside a form that is right. */
function mutateReceipt(bytes: Uint8Array, dice: Dice): Uint8Array {
  if (dice.chance(0.2)) return mutateBytes(bytes, dice);
  const { attestation, statement: stated } = parseReceipt(bytes);
  return encodeReceipt(
    dice.chance(0.5)
      ? { attestation: some(mutateBytes(attestation, dice)), statement: stated }
      : { attestation, statement: some(mutateJson(stated, dice, [])) },
  );
}

function some(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? Uint8Array.of(0) : bytes;
}
