// Whether an Allow asks for one of the encryption contexts that an enclave builds, and for nothing wider.
import { FIELDS, otherValue, ownContext, purposeContext, PURPOSES, valuesOf } from "./contexts.ts";
import type { Pairs, Purpose } from "./contexts.ts";
import type { LintCode } from "./codes.ts";
import { finding, type Finding } from "./finding.ts";
import { findThrough, passes, type Subject, type Try } from "./subject.ts";

const CODES: Readonly<Record<string, LintCode>> = {
  owner: "OWNER_OPEN",
  purpose: "PURPOSE_OPEN",
  dataset: "DATASET_OPEN",
  epoch: "EPOCH_OPEN",
  domain: "TOKEN_OPEN",
  version: "TOKEN_OPEN",
};

export function checkContext(subject: Subject): readonly Finding[] {
  const { statement, baseline } = subject;
  const none = findThrough(subject, [
    { code: "NO_CONTEXT", detail: baseline.action, change: { context: {} } },
  ]);
  if (none.length > 0) return none;
  const purposes = PURPOSES.filter((purpose) =>
    passes(subject, { context: purposeContext(statement, purpose) }),
  );
  if (purposes.length === 0) {
    return [
      finding("CONTEXT_FOREIGN", statement.index, baseline.action),
      ...checkOwner(subject, ownContext(statement)),
    ];
  }
  const found = purposes.flatMap((purpose) => findThrough(subject, widenings(subject, purpose)));
  const isPurposeOpen = found.some(({ code }) => code === "PURPOSE_OPEN");
  return [...found, ...checkMixture(subject), ...(isPurposeOpen ? [] : checkPurposes(subject, purposes))];
}

/** Whether a statement under this context holds for other owners too: of the owner's role that is all there is to ask. */
export function checkOwner(subject: Subject, context: Pairs): readonly Finding[] {
  const key = "sealroom:owner";
  const without = Object.fromEntries(Object.entries(context).filter(([name]) => name !== key));
  const others = [{ ...context, [key]: otherValue(subject.statement, "owner") }, without];
  const tries = others.map((other) => ({
    code: "OWNER_OPEN" as const,
    detail: key,
    change: { context: other },
  }));
  return findThrough(subject, tries);
}

function widenings({ statement }: Subject, purpose: Purpose): readonly Try[] {
  const context = purposeContext(statement, purpose);
  // Which job asks for output is not known beforehand.
  const fields = ["owner", "purpose", ...FIELDS[purpose]].flatMap((field): readonly Try[] => {
    const [code, key] = [CODES[field], `sealroom:${field}`];
    const change = { context: { ...context, [key]: otherValue(statement, field) } };
    return code === undefined ? [] : [{ code, detail: key, change }];
  });
  const { "sealroom:owner": owner = "", ...rest } = context;
  return [
    ...fields,
    {
      code: "CONTEXT_KEYS",
      detail: "another key beside them",
      change: { context: { ...context, "sealroom:other": "x" } },
    },
    {
      code: "CONTEXT_KEYS",
      detail: "a key in other case",
      change: { context: { ...rest, "Sealroom:Owner": owner } },
    },
  ];
}

function checkPurposes(subject: Subject, purposes: readonly Purpose[]): readonly Finding[] {
  const { statement, baseline } = subject;
  const wrong = purposes.filter((purpose) => (baseline.action === "kms:Decrypt") === (purpose === "output"));
  const code = baseline.action === "kms:Decrypt" ? "OUTPUT_DECRYPT" : "GENERATE_OPEN";
  return findThrough(
    subject,
    wrong.map((purpose) => ({
      code,
      detail: `${baseline.action} for purpose ${purpose}`,
      change: { context: purposeContext(statement, purpose) },
    })),
  );
}

/** A list of names beside a list of their versions: of the four pairs at most two are meant. */
function checkMixture(subject: Subject): readonly Finding[] {
  const { statement } = subject;
  const pairs = [
    ["dataset", "dataset", "epoch"],
    ["token", "domain", "version"],
  ] as const;
  return pairs.flatMap(([purpose, name, version]) => {
    const [, otherName] = valuesOf(statement, `sealroom:${name}`);
    const [, otherVersion] = valuesOf(statement, `sealroom:${version}`);
    if (otherName === undefined || otherVersion === undefined) return [];
    const context = { ...purposeContext(statement, purpose), [`sealroom:${version}`]: otherVersion };
    return findThrough(subject, [
      { code: "CONTEXTS_MIXED", detail: `${name} and ${version} are lists`, change: { context } },
    ]);
  });
}
