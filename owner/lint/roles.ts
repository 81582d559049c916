// Who is who in a key policy: the enclave's role, the owner's, break-glass. Taken from what the policy lets each do,
// unless the caller says so; everybody else is a stranger.
import type { Statement } from "../policy/document.ts";
import type { Principal } from "../policy/principal.ts";
import { allows, principalOf } from "./ask.ts";
import { contextsToTry } from "./baseline.ts";
import { unlike } from "./contexts.ts";
import { isAttestationKey } from "./known-key.ts";
import type { ReadStatement } from "./reading.ts";

/** Roles that the caller knows; an empty list leaves it to the policy. */
export interface GivenRoles {
  readonly enclave: readonly string[];
  readonly owner: readonly string[];
  readonly breakGlass: readonly string[];
}

export interface Roles {
  readonly enclave: readonly string[];
  readonly owner: readonly string[];
  readonly breakGlass: readonly string[];
  /** Named in the policy, and none of the above. */
  readonly others: readonly string[];
  /** Whom the policy does not name: somebody of each account that it speaks of, and somebody of another. */
  readonly strangers: readonly Principal[];
}

const OTHER_ACCOUNT = "444455556666";

export function findRoles(
  statements: readonly ReadStatement[],
  counted: readonly Statement[],
  given: GivenRoles,
): Roles {
  const named = namedArns(statements);
  const contexts = statements.flatMap(contextsToTry);
  const may = (arn: string, action: string): boolean => {
    const probe = { principal: principalOf(arn), action, registers: null };
    return [null, ...contexts].some((context) => allows(counted, { ...probe, context }));
  };
  const unless = (...taken: readonly (readonly string[])[]) =>
    named.filter((arn) => !taken.flat().includes(arn));

  const attested = unless(given.owner, given.breakGlass).filter((arn) => isAskedToAttest(statements, arn));
  const enclave = given.enclave.length > 0 ? given.enclave : attested;
  const administrators = unless(enclave, given.owner).filter((arn) => may(arn, "kms:PutKeyPolicy"));
  const breakGlass = given.breakGlass.length > 0 ? given.breakGlass : administrators;
  const writers = unless(enclave, breakGlass).filter(
    (arn) => may(arn, "kms:Encrypt") || may(arn, "kms:GenerateDataKey"),
  );
  const owner = given.owner.length > 0 ? given.owner : writers;
  return {
    enclave,
    owner,
    breakGlass,
    others: unless(enclave, owner, breakGlass),
    strangers: [...strangers(named, accountsOf(statements, named)), ...likelyStrangers(statements)].map(
      principalOf,
    ),
  };
}

function isAskedToAttest(statements: readonly ReadStatement[], arn: string): boolean {
  return statements.some(
    ({ effect, conditions, judged }) =>
      effect === "Allow" &&
      conditions.some(({ key }) => isAttestationKey(key)) &&
      judged?.principals.some((pattern) => pattern.kind === "arn" && pattern.arn === arn),
  );
}

/** In principals, and in comparisons of aws:PrincipalArn. */
function namedArns(statements: readonly ReadStatement[]): readonly string[] {
  const arns = statements.flatMap((statement) => [
    ...(statement.judged?.principals ?? []).flatMap((pattern) =>
      pattern.kind === "arn" ? [pattern.arn] : [],
    ),
    ...comparedArns(statement).filter((arn) => !/[*?]/.test(arn)),
  ]);
  return [...new Set(arns)].filter((arn) => /^arn:[^:]+:(iam|sts)::[0-9]{12}:.+\/.+$/.test(arn));
}

function comparedArns({ conditions }: ReadStatement): readonly string[] {
  return conditions
    .filter(({ key, judged }) => key.toLowerCase() === "aws:principalarn" && judged?.test !== "absence")
    .flatMap(({ operands }) => operands);
}

const ACCOUNT_KEYS: readonly string[] = ["aws:principalaccount", "kms:calleraccount"];

/** Every account that the policy speaks of: of a role, as a principal, or in a comparison. */
function accountsOf(statements: readonly ReadStatement[], named: readonly string[]): readonly string[] {
  const spoken = statements.flatMap(({ judged, conditions }) => [
    ...(judged?.principals ?? []).flatMap((pattern) => (pattern.kind === "account" ? [pattern.account] : [])),
    ...conditions
      .filter(({ key }) => ACCOUNT_KEYS.includes(key.toLowerCase()))
      .flatMap(({ operands }) => operands.map(likelyAccount)),
  ]);
  const accounts = [...named.map((arn) => principalOf(arn).account), ...spoken];
  return [...new Set(accounts)].filter((account) => /^[0-9]{12}$/.test(account));
}

/** One that fits the pattern. */
function likelyAccount(pattern: string): string {
  const filled = pattern.replaceAll("?", "1");
  return filled.replace("*", "1".repeat(Math.max(0, 13 - filled.length))).replaceAll("*", "");
}

function strangers(named: readonly string[], accounts: readonly string[]): readonly string[] {
  const tried = accounts.length > 0 ? accounts : ["111122223333"];
  return [...tried, OTHER_ACCOUNT].map((id) => unlike(`arn:aws:iam::${id}:role/anybody`, named));
}

/** Who fits a pattern that a comparison of aws:PrincipalArn spares or lets in. */
function likelyStrangers(statements: readonly ReadStatement[]): readonly string[] {
  return statements
    .flatMap(comparedArns)
    .filter((arn) => /[*?]/.test(arn))
    .map((arn) => arn.replace(/^(arn:[^:]*:[^:]*:[^:]*):\*:/, "$1:111122223333:"))
    .map((arn) => arn.replaceAll("*", "anybody").replaceAll("?", "x"));
}
