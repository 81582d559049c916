// What the denials stop by themselves: each role and stranger is tried as if somebody had added an Allow for everybody
// and everything.
import { ADMINISTRATION, OPENING, WRAPPING } from "../key-policy/denials.ts";
import type { Statement } from "../policy/document.ts";
import type { Principal } from "../policy/principal.ts";
import { allows, principalOf, withRegister } from "./ask.ts";
import { expectedRegisters, expectedValues, otherRegister } from "./baseline.ts";
import { GRANTING, REENCRYPTING } from "./check-rights.ts";
import { purposeContext, PURPOSES, type Pairs } from "./contexts.ts";
import type { LintCode } from "./codes.ts";
import { finding, type Finding, type Probe } from "./finding.ts";
import type { ReadStatement } from "./reading.ts";
import type { Roles } from "./roles.ts";

const BROAD: Statement = {
  sid: "AddedLater",
  effect: "Allow",
  principals: [{ kind: "anyone" }],
  actions: { kind: "only", patterns: ["kms:*"] },
  resources: ["*"],
  conditions: [],
};
/** Those of ADMINISTRATION that change who may use the key, or take it away. */
const DECISIVE = ADMINISTRATION.filter((action) =>
  /PutKeyPolicy|ScheduleKeyDeletion|DisableKey$|KeyMaterial|ReplicateKey|UpdatePrimaryRegion/.test(action),
);
const IMAGE_REGISTERS = [0, 1, 2];

interface Sought {
  readonly code: LintCode;
  readonly actions: readonly string[];
  readonly who: readonly Principal[];
  readonly registers: readonly (ReadonlyMap<number, string> | null)[];
  readonly contexts: readonly (Pairs | null)[];
  readonly what: string;
}

export function checkDenials(statements: readonly ReadStatement[], roles: Roles): readonly Finding[] {
  const denying = statements.flatMap(({ judged }) => (judged?.effect === "Deny" ? [judged] : []));
  const rules = [...denying, BROAD];
  const untrusted = [...[...roles.enclave, ...roles.others].map(principalOf), ...roles.strangers];
  const image = expectedRegisters(statements);
  const others = IMAGE_REGISTERS.map((register) => {
    const known = statements.flatMap((statement) => expectedValues(statement, register));
    return withRegister(image, register, otherRegister(known));
  });
  const contexts = [...contextsOf(statements), {}];
  const bare = { who: untrusted, registers: [null], contexts } as const;
  const sought: readonly Sought[] = [
    { ...bare, code: "NO_DENY_UNATTESTED", actions: OPENING, what: "without a document" },
    ...others.map((registers, register) => ({
      ...bare,
      code: "NO_DENY_IMAGE" as const,
      actions: OPENING,
      registers: [registers],
      what: `with another PCR${register}`,
    })),
    { ...bare, code: "NO_DENY_WRAP", actions: WRAPPING, what: "" },
    {
      ...bare,
      code: "NO_DENY_WRAP",
      actions: ["kms:GenerateDataKey"],
      registers: [image],
      contexts: contexts.filter((context) => context["sealroom:purpose"] !== "output"),
      what: "for another purpose than output",
    },
    { ...bare, code: "NO_DENY_HANDING_ON", actions: [...REENCRYPTING, ...GRANTING], what: "" },
    {
      ...bare,
      code: "NO_DENY_ADMINISTRATION",
      actions: DECISIVE,
      who: [...untrusted, ...roles.owner.map(principalOf)],
      contexts: [null],
      what: "",
    },
  ];
  return sought.flatMap((one) => seek(rules, one));
}

function seek(
  rules: readonly Statement[],
  { code, actions, who, registers, contexts, what }: Sought,
): readonly Finding[] {
  const through = actions.flatMap((action) => {
    const probes = who.flatMap((principal) =>
      registers.flatMap((document) =>
        contexts.map((context): Probe => ({ principal, action, context, registers: document })),
      ),
    );
    return probes.find((probe) => allows(rules, probe)) ?? [];
  });
  const [first] = through;
  if (first === undefined) return [];
  const detail = [...through.map(({ action }) => action), what].filter((word) => word !== "").join(", ");
  return [finding(code, null, `${detail}, by ${first.principal.roleArn}`, first)];
}

/** With the values of each Allow; a policy that has none still has a statement to be asked by. */
function contextsOf(statements: readonly ReadStatement[]): readonly Pairs[] {
  const allowing = statements.filter(({ effect }) => effect === "Allow");
  const sources = allowing.length > 0 ? allowing : statements.slice(0, 1);
  return sources.flatMap((statement) => PURPOSES.map((purpose) => purposeContext(statement, purpose)));
}
