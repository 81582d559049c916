// Key policies with one mistake each, what the linter has to call it, and how it does harm. Most are an edit of the
// printed policy, so that nothing else is wrong with them.
import type { LintCode } from "../../owner/lint/codes.ts";
import type { GivenRoles } from "../../owner/lint/roles.ts";
import { IMAGE, OTHER_IMAGE } from "../local/kms/rig.ts";
import { add, change, compare, compose, conditions, cut, drop, reoperate, set, without } from "./edit.ts";
import type { Edit, Json, Policy } from "./edit.ts";
import { BREAK_GLASS_ROLE, ENCLAVE_ROLE, OTHER_PARENT, OWNER, OWNER_ROLE } from "./good.ts";

/**
 * `open`: KMS lets the witness through. `second`: it does once the denials that hold it, or that nothing allows it, are
 * out of the way, and would not by the printed policy. `shut-out`: the enclave gets no key. `refused`: the local KMS
 * takes no such policy. `text`: no request shows it.
 */
export type Harm = "open" | "second" | "shut-out" | "refused" | "text";

export interface BadPolicy {
  readonly case: "H49" | "H50" | "H51" | "H52" | "H53" | "form";
  readonly name: string;
  readonly edit: Edit;
  readonly code: LintCode;
  /** The statement that it is about; null for the policy as a whole. */
  readonly at: string | null;
  readonly harm: Harm;
  /** Whom the caller names; the policy says who is who otherwise. */
  readonly given?: Partial<GivenRoles>;
}

const DATASET = "EnclaveDecrypts0";
const TOKENS = "EnclaveDecryptsTokens0Domain0";
const OUTPUT = "EnclaveMakesOutputKeys0";
const ENCLAVE = /^Enclave/;
const IGNORE_CASE = "StringEqualsIgnoreCase";
const PCR = "kms:RecipientAttestation:PCR";
const IMAGE_HASH = "kms:RecipientAttestation:ImageSha384";
const CONTEXT = "kms:EncryptionContext:sealroom:";
const KEYS = "kms:EncryptionContextKeys";
const ZERO = "00".repeat(48);
const ANY = { AWS: "*" };
const ACCOUNT = { AWS: "arn:aws:iam::000000000000:root" };

const allow = (Principal: unknown, Action: unknown, more: Json = {}): Json => ({
  Sid: "Second",
  Effect: "Allow",
  Principal,
  Action,
  Resource: "*",
  ...more,
});
const toEnclave = (Action: unknown, more: Json = {}): Edit => add(allow({ AWS: ENCLAVE_ROLE }, Action, more));
const noAttestation: Edit = cut(ENCLAVE, IGNORE_CASE, /Attestation/);
const noContext: Edit = conditions(ENCLAVE, (block) => ({ [IGNORE_CASE]: block[IGNORE_CASE] }));
const pinOnly = (values: Json): Edit => conditions(DATASET, (block) => ({ ...block, [IGNORE_CASE]: values }));
const OTHERS = { ArnNotEquals: { "aws:PrincipalArn": [OWNER_ROLE, BREAK_GLASS_ROLE] } };

const H49: readonly Omit<BadPolicy, "case">[] = [
  {
    name: "no register at all in an enclave's statement",
    edit: cut(DATASET, IGNORE_CASE, /Attestation/),
    ...{ code: "UNATTESTED", at: DATASET, harm: "second" },
  },
  {
    name: "no register anywhere",
    edit: compose(noAttestation, drop(/^NobodyElseOpens/)),
    ...{ code: "NO_ATTESTATION", at: null, harm: "text" },
  },
  {
    name: "registers compared with a star",
    edit: conditions(DATASET, (block) => ({
      ...cutOperator(block, IGNORE_CASE),
      StringLike: { [IMAGE_HASH]: "*", [`${PCR}0`]: "*", [`${PCR}1`]: "*", [`${PCR}2`]: "*" },
    })),
    ...{ code: "PCR_OPEN", at: DATASET, harm: "second" },
  },
  {
    name: "a register compared with its beginning and a star",
    edit: conditions(DATASET, (block) => ({ ...block, StringLike: { [`${PCR}0`]: "0a0a*" } })),
    ...{ code: "VALUE_WILDCARD", at: DATASET, harm: "text" },
  },
  {
    name: "registers compared if they exist",
    edit: reoperate(DATASET, IGNORE_CASE, "StringEqualsIgnoreCaseIfExists"),
    ...{ code: "IF_EXISTS", at: DATASET, harm: "text" },
  },
  {
    name: "registers compared if they exist, which lets a request without any through",
    edit: reoperate(DATASET, IGNORE_CASE, "StringEqualsIgnoreCaseIfExists"),
    ...{ code: "UNATTESTED", at: DATASET, harm: "second" },
  },
  {
    name: "registers under ForAllValues, which holds for none",
    edit: reoperate(DATASET, IGNORE_CASE, "ForAllValues:StringEqualsIgnoreCase"),
    ...{ code: "FOR_ALL_VALUES", at: DATASET, harm: "text" },
  },
  {
    name: "registers under ForAllValues, so that none need be there",
    edit: reoperate(DATASET, IGNORE_CASE, "ForAllValues:StringEqualsIgnoreCase"),
    ...{ code: "UNATTESTED", at: DATASET, harm: "second" },
  },
  {
    name: "the context's keys under ForAllValues, without a Null check",
    edit: cut(DATASET, "Null", /./),
    ...{ code: "FOR_ALL_VALUES", at: DATASET, harm: "text" },
  },
  {
    name: "a context that only ForAllValues looks at",
    edit: conditions(DATASET, (block) => cutOperator(cutOperator(block, "Null"), "StringEquals")),
    ...{ code: "NO_CONTEXT", at: DATASET, harm: "open" },
  },
  {
    name: "the context's keys under ForAnyValue",
    edit: reoperate(DATASET, "ForAllValues:StringEquals", "ForAnyValue:StringEquals"),
    ...{ code: "FOR_ANY_VALUE", at: DATASET, harm: "text" },
  },
  {
    name: "the context's keys under ForAnyValue, so that others pass beside them",
    edit: reoperate(DATASET, "ForAllValues:StringEquals", "ForAnyValue:StringEquals"),
    ...{ code: "CONTEXT_KEYS", at: DATASET, harm: "open" },
  },
  {
    name: "a second Allow of everything for everybody",
    edit: add(allow(ANY, "kms:*")),
    ...{ code: "ANYONE", at: "Second", harm: "second" },
  },
  {
    name: "a second Allow for everybody, with no denials left",
    edit: compose(drop(/^(Nobody|Only)/), add(allow("*", "kms:Decrypt"))),
    ...{ code: "ANYONE", at: "Second", harm: "open" },
  },
  {
    name: "a second Allow of Decrypt for the enclave's role",
    edit: toEnclave("kms:Decrypt"),
    ...{ code: "UNATTESTED", at: "Second", harm: "second" },
  },
  {
    name: "a second Allow of Decrypt for another role",
    edit: add(allow({ AWS: "arn:aws:iam::000000000000:role/sealroom-analyst" }, "kms:Decrypt")),
    ...{ code: "UNATTESTED", at: "Second", harm: "second" },
  },
  {
    name: "the enclave's statement for everybody",
    edit: set(DATASET, { Principal: ANY }),
    ...{ code: "ANYONE", at: DATASET, harm: "open" },
  },
  {
    name: "any image but one",
    edit: conditions(DATASET, (block) => ({
      ...cutOperator(block, IGNORE_CASE),
      StringNotEquals: { [`${PCR}0`]: ZERO },
      Null: { ...block["Null"], [IMAGE_HASH]: "false" },
    })),
    ...{ code: "PCR_OPEN", at: DATASET, harm: "second" },
  },
  {
    name: "any attested image",
    edit: conditions(DATASET, (block) => ({
      ...cutOperator(block, IGNORE_CASE),
      Null: { ...block["Null"], [IMAGE_HASH]: "false" },
    })),
    ...{ code: "PCR_OPEN", at: DATASET, harm: "second" },
  },
  {
    name: "a NitroTPM's registers, which measure an instance and no enclave",
    edit: pinOnly({ "kms:RecipientAttestation:NitroTPMPCR4": IMAGE[0] }),
    ...{ code: "UNATTESTED", at: DATASET, harm: "refused" },
  },
];

const H50: readonly Omit<BadPolicy, "case">[] = [
  {
    name: "the account's root with kms:*",
    edit: add(allow(ACCOUNT, "kms:*")),
    ...{ code: "ROOT_DELEGATION", at: "Second", harm: "second" },
  },
  {
    name: "the account by its number, with Decrypt alone",
    edit: compose(drop(/^NobodyElseOpens/), add(allow({ AWS: "000000000000" }, "kms:Decrypt"))),
    ...{ code: "ROOT_DELEGATION", at: "Second", harm: "open" },
  },
  {
    name: "the policy that KMS gives a key by itself",
    edit: () => ({
      Version: "2012-10-17",
      Statement: [{ ...allow(ACCOUNT, "kms:*"), Sid: "Enable IAM User Permissions" }],
    }),
    ...{ code: "ROOT_DELEGATION", at: "Enable IAM User Permissions", harm: "open" },
  },
  {
    name: "the account's root with the right image and context",
    edit: set(DATASET, { Principal: ACCOUNT }),
    ...{ code: "ROOT_DELEGATION", at: DATASET, harm: "open" },
  },
  {
    name: "everybody of one account",
    edit: add(
      allow(ANY, "kms:PutKeyPolicy", {
        Condition: { StringEquals: { "kms:CallerAccount": "000000000000" } },
      }),
    ),
    ...{ code: "ANYONE", at: "Second", harm: "second" },
  },
  // Nobody of these accounts asks in the tests; who did would be let in.
  {
    name: "an account that nothing else in the policy is of",
    edit: compose(
      drop(/^NobodyElseOpens/),
      add(allow({ AWS: "arn:aws:iam::999988887777:root" }, "kms:Decrypt")),
    ),
    ...{ code: "ROOT_DELEGATION", at: "Second", harm: "text" },
  },
  {
    name: "everybody of another account, by a comparison",
    edit: add(
      allow(ANY, "kms:Decrypt", {
        Condition: { StringEquals: { "kms:CallerAccount": "999988887777" } },
      }),
    ),
    ...{ code: "ANYONE", at: "Second", harm: "text" },
  },
  {
    name: "everybody of accounts that begin alike",
    edit: add(
      allow(ANY, "kms:Decrypt", {
        Condition: { StringLike: { "aws:PrincipalAccount": "99*" } },
      }),
    ),
    ...{ code: "ANYONE", at: "Second", harm: "text" },
  },
  {
    name: "a second role beside break-glass",
    edit: (policy) => besideBreakGlass(policy, "arn:aws:iam::000000000000:role/hostadmin"),
    ...{ code: "ADMINISTRATORS", at: null, harm: "text" },
  },
  {
    name: "a wildcard in a role's name",
    edit: add(allow({ AWS: "arn:aws:iam::000000000000:role/*" }, "kms:Decrypt")),
    ...{ code: "PRINCIPAL", at: "Second", harm: "refused" },
  },
  {
    name: "denials that spare every role of a name's beginning",
    edit: conditions(/^NobodyElseOpens/, (block) => ({
      ...cutOperator(block, "ArnNotEquals"),
      ArnNotLike: { "aws:PrincipalArn": "arn:aws:iam::000000000000:role/sealroom-*" },
    })),
    ...{ code: "NO_DENY_UNATTESTED", at: null, harm: "second" },
  },
];

const H51: readonly Omit<BadPolicy, "case">[] = [
  {
    name: "PCR8 alone",
    edit: pinOnly({ [`${PCR}8`]: "8a".repeat(48) }),
    ...{ code: "SIGNER_ONLY", at: DATASET, harm: "second" },
  },
  {
    name: "PCR3 alone",
    edit: cut(DATASET, IGNORE_CASE, /PCR[012]$|ImageSha384/),
    ...{ code: "PARENT_ONLY", at: DATASET, harm: "second" },
  },
  {
    name: "PCR4 alone",
    edit: pinOnly({ [`${PCR}4`]: "4a".repeat(48) }),
    ...{ code: "PARENT_ONLY", at: DATASET, harm: "second" },
  },
  ...[1, 2].map((register) => ({
    name: `no PCR${register}`,
    edit: cut(DATASET, IGNORE_CASE, new RegExp(`PCR${register}$`)),
    ...({ code: "PCR_OPEN", at: DATASET, harm: "second" } as const),
  })),
  {
    name: "neither PCR0 nor ImageSha384",
    edit: cut(DATASET, IGNORE_CASE, /PCR0$|ImageSha384/),
    ...{ code: "PCR_OPEN", at: DATASET, harm: "second" },
  },
  {
    name: "ImageSha384 alone",
    edit: cut(DATASET, IGNORE_CASE, /PCR\d$/),
    ...{ code: "PCR_OPEN", at: DATASET, harm: "second" },
  },
  {
    name: "no PCR1 in an output's statement",
    edit: cut(OUTPUT, IGNORE_CASE, /PCR1$/),
    ...{ code: "PCR_OPEN", at: OUTPUT, harm: "second" },
  },
  {
    name: "registers of zeros",
    edit: compose(
      pinOnly({ [IMAGE_HASH]: ZERO, [`${PCR}0`]: ZERO, [`${PCR}1`]: ZERO, [`${PCR}2`]: ZERO }),
      drop(/^NobodyElseOpensByOtherPCR/),
    ),
    ...{ code: "DEBUG_IMAGE", at: DATASET, harm: "text" },
  },
  {
    name: "zeros beside the image's PCR0",
    edit: compare(DATASET, IGNORE_CASE, { [`${PCR}0`]: [IMAGE[0], ZERO] }),
    ...{ code: "DEBUG_IMAGE", at: DATASET, harm: "text" },
  },
  {
    name: "a Deny that spares zeros",
    edit: compare("NobodyElseOpensByOtherPCR0", "StringNotEqualsIgnoreCase", {
      [`${PCR}0`]: [IMAGE[0], ZERO],
    }),
    ...{ code: "DEBUG_IMAGE", at: "NobodyElseOpensByOtherPCR0", harm: "text" },
  },
  {
    name: "two images' registers in lists",
    edit: compose(
      compare(DATASET, IGNORE_CASE, {
        [IMAGE_HASH]: [IMAGE[0], OTHER_IMAGE[0]],
        [`${PCR}0`]: [IMAGE[0], OTHER_IMAGE[0]],
        [`${PCR}1`]: [IMAGE[1], OTHER_IMAGE[1]],
        [`${PCR}2`]: [IMAGE[2], OTHER_IMAGE[2]],
      }),
      ...([0, 1, 2] as const).map((register) =>
        compare(`NobodyElseOpensByOtherPCR${register}`, "StringNotEqualsIgnoreCase", {
          [`${PCR}${register}`]: [IMAGE[register], OTHER_IMAGE[register]],
        }),
      ),
    ),
    ...{ code: "IMAGES_MIXED", at: DATASET, harm: "open" },
  },
  {
    name: "a register cut short",
    edit: compare(DATASET, IGNORE_CASE, { [`${PCR}1`]: IMAGE[1].slice(2) }),
    ...{ code: "REGISTER", at: DATASET, harm: "shut-out" },
  },
  {
    name: "a star under an operator that reads no wildcards",
    edit: compare(DATASET, IGNORE_CASE, { [`${PCR}2`]: "*" }),
    ...{ code: "REGISTER", at: DATASET, harm: "shut-out" },
  },
];

const H52: readonly Omit<BadPolicy, "case">[] = [
  {
    name: "CreateGrant for the enclave's role",
    edit: toEnclave("kms:CreateGrant"),
    ...{ code: "GRANT", at: "Second", harm: "second" },
  },
  {
    name: "CreateGrant for the enclave's role, with nothing that denies it",
    edit: compose(drop("NobodyElseHandsOn"), toEnclave("kms:CreateGrant")),
    ...{ code: "GRANT", at: "Second", harm: "open" },
  },
  {
    name: "CreateGrant for AWS's services on the enclave's behalf",
    edit: toEnclave("kms:CreateGrant", {
      Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
    }),
    ...{ code: "GRANT", at: "Second", harm: "text" },
  },
  {
    name: "ReEncrypt* for the enclave's role",
    edit: compose(drop("NobodyElseHandsOn"), toEnclave("kms:ReEncrypt*")),
    ...{ code: "REENCRYPT", at: "Second", harm: "open" },
  },
  {
    name: "ReEncryptFrom alone",
    edit: toEnclave("kms:ReEncryptFrom"),
    ...{ code: "REENCRYPT", at: "Second", harm: "text" },
  },
  ...["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey"].map((action) => ({
    name: `${action} for the enclave's role`,
    edit: compose(drop("OnlyBreakGlassAdministers"), toEnclave(action)),
    ...({ code: "ADMINISTRATION", at: "Second", harm: "open" } as const),
  })),
  {
    name: "kms:* for the enclave's role",
    edit: toEnclave("kms:*"),
    ...{ code: "ACTION_WILDCARD", at: "Second", harm: "text" },
  },
  {
    name: "a pattern that reaches Decrypt",
    edit: set(DATASET, { Action: "kms:De*" }),
    ...{ code: "ACTION_WILDCARD", at: DATASET, harm: "text" },
  },
  {
    name: "Encrypt for the enclave's role",
    edit: toEnclave("kms:Encrypt", {
      Condition: { StringEquals: { [`${CONTEXT}owner`]: OWNER } },
    }),
    ...{ code: "WRAP", at: "Second", harm: "second" },
  },
  {
    name: "GenerateDataKeyWithoutPlaintext for the enclave's role",
    edit: compose(drop("NobodyElseWraps"), toEnclave("kms:GenerateDataKeyWithoutPlaintext")),
    ...{ code: "WRAP", at: "Second", harm: "open" },
  },
  {
    name: "GenerateDataKey under the data set's own context",
    edit: set(DATASET, { Action: ["kms:Decrypt", "kms:GenerateDataKey"] }),
    ...{ code: "GENERATE_OPEN", at: DATASET, harm: "second" },
  },
  {
    name: "GenerateDataKey for any purpose",
    edit: cut(OUTPUT, "StringEquals", /purpose$/),
    ...{ code: "PURPOSE_OPEN", at: OUTPUT, harm: "second" },
  },
  {
    name: "Decrypt under output's context",
    edit: set(OUTPUT, { Action: ["kms:Decrypt", "kms:GenerateDataKey"] }),
    ...{ code: "OUTPUT_DECRYPT", at: OUTPUT, harm: "open" },
  },
  {
    name: "the owner's role that may put policies",
    edit: compose(drop("OnlyBreakGlassAdministers"), add(allow({ AWS: OWNER_ROLE }, "kms:PutKeyPolicy"))),
    given: { owner: [OWNER_ROLE] },
    ...{ code: "ADMINISTRATION", at: "Second", harm: "open" },
  },
  {
    name: "another role in place of the enclave's",
    edit: set(DATASET, { Principal: { AWS: "arn:aws:iam::000000000000:role/sealroom-analyst" } }),
    given: { enclave: [ENCLAVE_ROLE] },
    ...{ code: "OTHER_ROLE", at: DATASET, harm: "open" },
  },
  {
    name: "two roles that write keys",
    edit: add(allow({ AWS: "arn:aws:iam::000000000000:role/sealroom-analyst" }, "kms:Encrypt"), {
      ...allow({ AWS: "arn:aws:iam::000000000000:role/sealroom-analyst" }, "kms:GenerateDataKey"),
      Sid: "Third",
    }),
    ...{ code: "UNATTESTED", at: "Third", harm: "second" },
  },
  {
    name: "two roles that write keys, with nothing that denies it",
    edit: compose(
      drop("NobodyElseWraps"),
      add(
        allow({ AWS: "arn:aws:iam::000000000000:role/sealroom-analyst" }, "kms:Encrypt", {
          Condition: { StringEquals: { [`${CONTEXT}owner`]: OWNER } },
        }),
      ),
    ),
    ...{ code: "OWNERS", at: null, harm: "text" },
  },
];

const H53: readonly Omit<BadPolicy, "case">[] = [
  {
    name: "no Deny for requests without a document",
    edit: drop(/^NobodyElseOpens/),
    ...{ code: "NO_DENY_UNATTESTED", at: null, harm: "second" },
  },
  {
    name: "denials that spare the enclave's role",
    edit: conditions(/^NobodyElseOpens/, (block) => ({
      ...block,
      ArnNotEquals: { "aws:PrincipalArn": [OWNER_ROLE, BREAK_GLASS_ROLE, ENCLAVE_ROLE] },
    })),
    ...{ code: "NO_DENY_UNATTESTED", at: null, harm: "second" },
  },
  {
    name: "a Deny for attested requests in place of the others",
    edit: compose(
      drop(/^NobodyElseOpensBy/),
      compare("NobodyElseOpensUnattested", "Null", { [IMAGE_HASH]: "false" }),
    ),
    ...{ code: "NO_DENY_UNATTESTED", at: null, harm: "second" },
  },
  {
    name: "no Deny for other images",
    edit: drop(/^NobodyElseOpensByOtherPCR/),
    ...{ code: "NO_DENY_IMAGE", at: null, harm: "second" },
  },
  {
    name: "one Deny for three registers, which all have to differ",
    edit: compose(
      drop(/^NobodyElseOpensByOtherPCR/),
      add({
        Sid: "OtherImages",
        Effect: "Deny",
        Principal: "*",
        Action: ["kms:Decrypt", "kms:GenerateDataKey"],
        Resource: "*",
        Condition: {
          ...OTHERS,
          StringNotEqualsIgnoreCase: {
            [`${PCR}0`]: IMAGE[0],
            [`${PCR}1`]: IMAGE[1],
            [`${PCR}2`]: IMAGE[2],
          },
        },
      }),
    ),
    ...{ code: "NO_DENY_IMAGE", at: null, harm: "second" },
  },
  {
    name: "no Deny for wrapping keys",
    edit: drop("NobodyElseWraps"),
    ...{ code: "NO_DENY_WRAP", at: null, harm: "second" },
  },
  {
    name: "no Deny for drawing keys of other purposes",
    edit: drop("NobodyElseDrawsKeysButForOutput"),
    ...{ code: "NO_DENY_WRAP", at: null, harm: "second" },
  },
  {
    name: "no Deny for handing keys on",
    edit: drop("NobodyElseHandsOn"),
    ...{ code: "NO_DENY_HANDING_ON", at: null, harm: "second" },
  },
  {
    name: "a Deny of ReEncryptFrom and not of CreateGrant",
    edit: set("NobodyElseHandsOn", { Action: "kms:ReEncrypt*" }),
    ...{ code: "NO_DENY_HANDING_ON", at: null, harm: "second" },
  },
  {
    name: "no Deny for administering",
    edit: drop("OnlyBreakGlassAdministers"),
    ...{ code: "NO_DENY_ADMINISTRATION", at: null, harm: "second" },
  },
  {
    name: "no encryption context",
    edit: noContext,
    ...{ code: "NO_CONTEXT", at: DATASET, harm: "open" },
  },
  ...[
    ["owner", "OWNER_OPEN", DATASET],
    ["purpose", "PURPOSE_OPEN", DATASET],
    ["dataset", "DATASET_OPEN", DATASET],
    ["epoch", "EPOCH_OPEN", DATASET],
    ["domain", "TOKEN_OPEN", TOKENS],
    ["version", "TOKEN_OPEN", TOKENS],
  ].map(([field = "", code = "", at = ""]) => ({
    name: `no sealroom:${field} in the context of ${at}`,
    edit: cut(at, "StringEquals", new RegExp(`${field}$`)),
    ...({ code: code as LintCode, at, harm: "open" } as const),
  })),
  {
    name: "no sealroom:dataset in the context of output",
    edit: cut(OUTPUT, "StringEquals", /dataset$/),
    ...{ code: "DATASET_OPEN", at: OUTPUT, harm: "open" },
  },
  {
    name: "owners by a wildcard",
    edit: compose(
      cut(DATASET, "StringEquals", /owner$/),
      compare(DATASET, "StringLike", { [`${CONTEXT}owner`]: "*" }),
    ),
    ...{ code: "OWNER_OPEN", at: DATASET, harm: "open" },
  },
  {
    name: "epochs by their beginning",
    edit: compose(
      cut(DATASET, "StringEquals", /epoch$/),
      compare(DATASET, "StringLike", { [`${CONTEXT}epoch`]: "*" }),
    ),
    ...{ code: "EPOCH_OPEN", at: DATASET, harm: "open" },
  },
  {
    name: "the context if it exists",
    edit: compose(reoperate(DATASET, "StringEquals", "StringEqualsIfExists"), cut(DATASET, "Null", /./)),
    ...{ code: "NO_CONTEXT", at: DATASET, harm: "open" },
  },
  {
    name: "nothing about the context's keys",
    edit: cut(DATASET, "ForAllValues:StringEquals", /./),
    ...{ code: "CONTEXT_KEYS", at: DATASET, harm: "open" },
  },
  {
    name: "versions of two domains in lists",
    edit: compare(TOKENS, "StringEquals", {
      [`${CONTEXT}domain`]: ["people", "plates"],
      [`${CONTEXT}version`]: ["1", "7"],
    }),
    ...{ code: "CONTEXTS_MIXED", at: TOKENS, harm: "open" },
  },
  {
    name: "the owner's role for every owner",
    edit: without("OwnerWrapsOwnKeys", "Condition"),
    ...{ code: "OWNER_OPEN", at: "OwnerWrapsOwnKeys", harm: "open" },
  },
  {
    name: "the owner's role for token keys",
    edit: cut("OwnerWrapsOwnKeys", "StringEquals", /purpose$/),
    ...{ code: "OWNER_TOKENS", at: "OwnerWrapsOwnKeys", harm: "open" },
  },
  {
    name: "the owner's role for the keys of token domains that it names",
    edit: compare("OwnerWrapsOwnKeys", "StringEquals", { [`${CONTEXT}purpose`]: ["dataset", "token"] }),
    ...{ code: "OWNER_TOKENS", at: "OwnerWrapsOwnKeys", harm: "open" },
  },
  {
    name: "the owner's role for the second of two token domains",
    edit: compose(
      compare("OwnerWrapsOwnKeys", "StringEquals", {
        [`${CONTEXT}purpose`]: "token",
        [`${CONTEXT}domain`]: ["a", "b"],
      }),
      compare("OwnerWrapsOwnKeys", "StringNotEquals", { [`${CONTEXT}domain`]: "a" }),
    ),
    given: { owner: [OWNER_ROLE] },
    ...{ code: "OWNER_TOKENS", at: "OwnerWrapsOwnKeys", harm: "open" },
  },
  {
    name: "the owner's role for all token domains but the one that a linter would try",
    edit: compose(
      compare("OwnerWrapsOwnKeys", "StringEquals", { [`${CONTEXT}purpose`]: ["dataset", "token"] }),
      compare("OwnerWrapsOwnKeys", "StringNotEquals", { [`${CONTEXT}domain`]: "sealroom-lint-domain" }),
    ),
    ...{ code: "OWNER_TOKENS", at: "OwnerWrapsOwnKeys", harm: "open" },
  },
  {
    name: "the owner's role for key pairs of token domains",
    edit: add({
      ...allow({ AWS: OWNER_ROLE }, "kms:GenerateDataKeyPair"),
      Condition: { StringEquals: { [`${CONTEXT}owner`]: OWNER, [`${CONTEXT}purpose`]: "token" } },
    }),
    ...{ code: "OWNER_TOKENS", at: "Second", harm: "text" },
  },
  {
    name: "a context of somebody else's making",
    edit: conditions(DATASET, (block) => ({
      [IGNORE_CASE]: block[IGNORE_CASE],
      StringEquals: { "kms:EncryptionContext:application": "flights" },
      "ForAllValues:StringEquals": { [KEYS]: ["application"] },
    })),
    ...{ code: "CONTEXT_FOREIGN", at: DATASET, harm: "text" },
  },
  {
    name: "upper-case hex under StringEquals",
    edit: conditions(DATASET, (block) => ({
      ...cutOperator(block, IGNORE_CASE),
      StringEquals: {
        ...block["StringEquals"],
        ...Object.fromEntries(
          Object.entries(block[IGNORE_CASE] ?? {}).map(([key, value]) => [key, String(value).toUpperCase()]),
        ),
      },
    })),
    ...{ code: "HEX_CASE", at: DATASET, harm: "shut-out" },
  },
  {
    name: "a Deny of upper-case hex under StringEquals, which never bites",
    edit: add({
      ...allow(ANY, "kms:Decrypt"),
      Effect: "Deny",
      Condition: { StringEquals: { [`${PCR}0`]: OTHER_IMAGE[0].toUpperCase() } },
    }),
    ...{ code: "HEX_CASE", at: "Second", harm: "text" },
  },
];

const FORM: readonly Omit<BadPolicy, "case">[] = [
  {
    name: "an Allow for all but one",
    edit: add({ ...allow(undefined, "kms:Decrypt"), NotPrincipal: { AWS: OWNER_ROLE } }),
    ...{ code: "NOT_PRINCIPAL", at: "Second", harm: "refused" },
  },
  {
    name: "a Deny for all but two",
    edit: change("NobodyElseHandsOn", (statement) => ({
      ...cutOperator(statement as Record<string, Json>, "Principal"),
      NotPrincipal: { AWS: [OWNER_ROLE, BREAK_GLASS_ROLE] },
    })),
    ...{ code: "NOT_PRINCIPAL", at: "NobodyElseHandsOn", harm: "refused" },
  },
  {
    name: "an Allow of all actions but one",
    edit: add({ ...allow({ AWS: ENCLAVE_ROLE }, undefined), NotAction: "kms:PutKeyPolicy" }),
    ...{ code: "NOT_ACTION", at: "Second", harm: "text" },
  },
  {
    name: "an Allow of all actions but one, Decrypt among them",
    edit: add({ ...allow({ AWS: ENCLAVE_ROLE }, undefined), NotAction: "kms:PutKeyPolicy" }),
    ...{ code: "UNATTESTED", at: "Second", harm: "second" },
  },
  {
    name: "an Allow on all resources but one",
    edit: add({
      ...allow({ AWS: ENCLAVE_ROLE }, "kms:Decrypt", { Resource: undefined }),
      NotResource: "arn:aws:kms:eu-central-1:000000000000:key/x",
    }),
    ...{ code: "NOT_RESOURCE", at: "Second", harm: "refused" },
  },
  {
    name: "the older version of the language",
    edit: (policy) => ({ ...policy, Version: "2008-10-17" }),
    ...{ code: "VERSION", at: null, harm: "refused" },
  },
  {
    name: "no version",
    edit: ({ Statement }) => ({ Statement }),
    ...{ code: "VERSION", at: null, harm: "refused" },
  },
  {
    name: "more than 32 KiB",
    edit: compare(DATASET, "StringEquals", {
      [`${CONTEXT}epoch`]: Array.from({ length: 2000 }, (_, index) => String(1_763_856_000_000 + index)),
    }),
    ...{ code: "SIZE", at: null, harm: "refused" },
  },
  {
    name: "a misspelt register in an Allow",
    edit: conditions(DATASET, (block) => ({
      ...block,
      [IGNORE_CASE]: { "kms:RecipientAttestation:ImageSha38": IMAGE[0] },
    })),
    ...{ code: "CONDITION_KEY", at: DATASET, harm: "refused" },
  },
  {
    name: "a misspelt register in a Deny",
    edit: conditions("NobodyElseOpensByOtherPCR1", (block) => ({
      ...block,
      StringNotEqualsIgnoreCase: { "kms:RecipientAttestation:PRC1": IMAGE[1] },
    })),
    ...{ code: "CONDITION_KEY", at: "NobodyElseOpensByOtherPCR1", harm: "refused" },
  },
  {
    name: "a register in other letter case",
    edit: conditions(DATASET, (block) => ({
      ...block,
      [IGNORE_CASE]: {
        ...cutOperator(block[IGNORE_CASE] as Record<string, Json>, `${PCR}0`),
        "kms:RecipientAttestation:Pcr0": IMAGE[0],
      },
    })),
    ...{ code: "CONDITION_KEY_CASE", at: DATASET, harm: "text" },
  },
  {
    name: "an operator in other letter case",
    edit: reoperate(DATASET, IGNORE_CASE, "stringEqualsIgnoreCase"),
    ...{ code: "OPERATOR", at: DATASET, harm: "refused" },
  },
  {
    name: "an operator that there is not",
    edit: reoperate("NobodyElseOpensByOtherPCR0", "StringNotEqualsIgnoreCase", "StringDiffers"),
    ...{ code: "OPERATOR", at: "NobodyElseOpensByOtherPCR0", harm: "refused" },
  },
  {
    name: "a list compared without a set operator",
    edit: reoperate(DATASET, "ForAllValues:StringEquals", "StringEquals"),
    ...{ code: "OPERAND", at: DATASET, harm: "refused" },
  },
  {
    name: "an object to compare with",
    edit: compare(DATASET, "StringEquals", { [`${CONTEXT}owner`]: { thumbprint: OWNER } }),
    ...{ code: "OPERAND", at: DATASET, harm: "refused" },
  },
  {
    name: "an action that is two",
    edit: set("NobodyElseHandsOn", { Action: ["kms:ReEncrypt", "kms:CreateGrant"] }),
    ...{ code: "ACTION", at: "NobodyElseHandsOn", harm: "refused" },
  },
  {
    name: "conditions under a misspelt name",
    edit: change(DATASET, (statement) => ({
      ...cutOperator(statement as Record<string, Json>, "Condition"),
      Conditions: statement["Condition"],
    })),
    ...{ code: "ELEMENT", at: DATASET, harm: "refused" },
  },
  {
    name: "an effect in other letter case",
    edit: set("NobodyElseHandsOn", { Effect: "deny" }),
    ...{ code: "ELEMENT", at: "NobodyElseHandsOn", harm: "refused" },
  },
  {
    name: "one Sid twice",
    edit: set(TOKENS, { Sid: DATASET }),
    ...{ code: "SID", at: DATASET, harm: "refused" },
  },
  {
    name: "a policy variable for the owner",
    edit: compare(DATASET, "StringEquals", { [`${CONTEXT}owner`]: "${aws:PrincipalTag/owner}" }),
    ...{ code: "VARIABLE", at: DATASET, harm: "refused" },
  },
  {
    name: "a Deny for another resource",
    edit: set("NobodyElseHandsOn", {
      Resource: "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-4000-8000-000000000000",
    }),
    ...{ code: "RESOURCE", at: "NobodyElseHandsOn", harm: "text" },
  },
  {
    name: "a Deny for another resource, which denies nothing",
    edit: set("NobodyElseHandsOn", {
      Resource: "arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-4000-8000-000000000000",
    }),
    ...{ code: "NO_DENY_HANDING_ON", at: null, harm: "second" },
  },
  {
    name: "a service as principal",
    edit: add(allow({ Service: "s3.amazonaws.com" }, "kms:Decrypt")),
    ...{ code: "PRINCIPAL", at: "Second", harm: "refused" },
  },
  {
    name: "a Deny that does not know the parent",
    edit: compare("NobodyElseOpensByOtherPCR3", "StringNotEqualsIgnoreCase", { [`${PCR}3`]: OTHER_PARENT }),
    ...{ code: "SHUT_OUT", at: DATASET, harm: "shut-out" },
  },
  {
    name: "conditions that exclude each other",
    edit: compare(DATASET, "StringNotEquals", { [`${PCR}0`]: IMAGE[0] }),
    ...{ code: "NEVER", at: DATASET, harm: "shut-out" },
  },
  {
    name: "nobody who may change the policy",
    edit: drop("BreakGlassAdministers"),
    ...{ code: "NO_ADMINISTRATOR", at: null, harm: "refused" },
  },
];

export const BAD_POLICIES: readonly BadPolicy[] = [
  ...H49.map((bad) => ({ case: "H49" as const, ...bad })),
  ...H50.map((bad) => ({ case: "H50" as const, ...bad })),
  ...H51.map((bad) => ({ case: "H51" as const, ...bad })),
  ...H52.map((bad) => ({ case: "H52" as const, ...bad })),
  ...H53.map((bad) => ({ case: "H53" as const, ...bad })),
  ...FORM.map((bad) => ({ case: "form" as const, ...bad })),
];

function cutOperator(block: Record<string, Json>, operator: string): Record<string, Json> {
  return Object.fromEntries(Object.entries(block).filter(([name]) => name !== operator));
}

/** Wherever the policy names break-glass, in principals and among those whom denials spare. */
function besideBreakGlass(policy: Policy, role: string): Policy {
  const one = `"${BREAK_GLASS_ROLE}"`;
  const text = JSON.stringify(policy);
  return JSON.parse(
    text.replaceAll(`:${one}`, `:[${one},"${role}"]`).replaceAll(`,${one}]`, `,${one},"${role}"]`),
  ) as Policy;
}
