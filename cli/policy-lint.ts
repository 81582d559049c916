// `sealroom policy lint`: finds what a key policy lets through that it should not, in any key policy, and shows the
// request. Asks nobody.
import type { Command } from "commander";
import type { JsonObject } from "../core/json.ts";
import { LINT_CODES } from "../owner/lint/codes.ts";
import type { Probe } from "../owner/lint/finding.ts";
import { lintKeyPolicy } from "../owner/lint/lint.ts";
import type { JudgedFinding, Lint } from "../owner/lint/lint.ts";
import { act, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { locate } from "./fault.ts";
import { paint, printable, renderFields, wrap } from "./output.ts";
import type { Report } from "./output.ts";
import { readPolicyText } from "./policy-file.ts";

interface Options {
  readonly enclaveRole?: readonly string[];
  readonly ownerRole?: readonly string[];
  readonly breakGlassRole?: readonly string[];
}

export function declareLint(policy: Command, host: Host): void {
  const command = declare(policy, "lint", {
    summary: "find what a key policy lets through that it should not",
    description:
      "Reads any KMS key policy and says, finding by finding, which statement it is about, what somebody could do with it, " +
      "by which request, and what to write instead. Who is the enclave, the owner and break-glass is read off the policy, " +
      "and printed, unless it is given. Exit 0 if nothing was found, 1 if something was. docs/key-policy.md lists the codes.",
    examples: [
      "sealroom policy lint policy.json",
      "aws kms get-key-policy --key-id KEY_ARN --policy-name default > policy.json",
      "sealroom policy lint policy.json --json \\\n" +
        "      --enclave-role arn:aws:iam::111122223333:role/enclave",
    ],
  })
    .argument("<policy>", "the key policy, as a file; also as `aws kms get-key-policy` prints it")
    .option(
      "--enclave-role <arn>",
      "a role whose credentials enclaves use, and so their hosts; may be repeated",
      collect,
    )
    .option("--owner-role <arn>", "a role that seals; may be repeated", collect)
    .option("--break-glass-role <arn>", "a role that may administer the key; may be repeated", collect);
  act(command, host, lint);
}

async function lint(_session: Session, options: Options, file: string): Promise<Report> {
  const text = await readPolicyText(file);
  const found = await locate(file, () =>
    lintKeyPolicy(text, {
      enclave: options.enclaveRole ?? [],
      owner: options.ownerRole ?? [],
      breakGlass: options.breakGlassRole ?? [],
    }),
  );
  return {
    exit: found.findings.length === 0 ? 0 : 1,
    json: encode(found),
    text: render(found, file, text).map(printable),
  };
}

function encode({ findings, roles, notes }: Lint): JsonObject {
  const { enclave, owner, breakGlass, others } = roles;
  return {
    findings: findings.map(({ code, statement, name, detail, stand, heldBy, witness }) => ({
      code,
      statement,
      sid: name,
      detail,
      ...LINT_CODES[code],
      stand,
      heldBy,
      witness: witness === undefined ? null : encodeProbe(witness),
    })),
    roles: { enclave, owner, breakGlass, others },
    notes,
  };
}

function encodeProbe({ principal, action, context, registers }: Probe): JsonObject {
  const pcrs = registers === null ? null : Object.fromEntries(registers);
  return {
    principal: principal.roleArn,
    action,
    context: context === null ? null : { ...context },
    registers: pcrs,
  };
}

function render({ findings, roles, notes }: Lint, file: string, policy: string): readonly string[] {
  const count = findings.length === 1 ? "1 finding" : `${findings.length} findings`;
  const open = findings.filter(({ stand }) => stand === "open").length;
  const summary =
    findings.length === 0 ? `${file}: nothing found.` : `${file}: ${count}, ${open} of them open today.`;
  return [
    ...findings.flatMap((one, index) => {
      const isKnown = findings.slice(0, index).some(({ code }) => code === one.code);
      return [...renderFinding(one, policy, isKnown ? "as above" : "whole"), ""];
    }),
    summary,
    ...renderFields([
      ["enclave", list(roles.enclave)],
      ["owner", list(roles.owner)],
      ["break-glass", list(roles.breakGlass)],
      ...(roles.others.length === 0 ? [] : ([["others", list(roles.others)]] as const)),
    ]),
    ...notes.flatMap((note) => wrap(note)),
  ];
}

/** What all findings of a code have in common is printed with the first of them. */
function renderFinding(
  { code, name, detail, stand, heldBy, witness }: JudgedFinding,
  policy: string,
  length: "whole" | "as above",
): readonly string[] {
  const { finds, attack, instead } = LINT_CODES[code];
  const common = (title: string, text: string): readonly (readonly [string, string])[] =>
    length === "whole" ? [[title, text]] : [];
  return [
    `${paint(stand === "open" ? "red" : "yellow", code)} in ${name ?? "the policy as a whole"}${STANDS[stand](heldBy)}`,
    ...renderFields([
      ["found", `${finds}: ${detail}`],
      ...common("attack", attack),
      ...(witness === undefined ? [] : ([["request", describe(witness, policy)]] as const)),
      ...common("instead", instead),
    ]),
  ];
}

/** In the words of docs/key-policy.md and of --json. */
const STANDS: Readonly<Record<JudgedFinding["stand"], (heldBy: string | null) => string>> = {
  open: () => ": open today",
  held: (heldBy) => `: held, only ${heldBy ?? "a Deny"} stops it`,
  latent: () => ": latent, nothing allows it today",
  form: () => ": form, no request shows it",
};

function describe({ principal, action, context, registers }: Probe, policy: string): string {
  const pairs = Object.entries(context ?? {}).map(([key, value]) => `${key}=${value}`);
  return [
    `${action} by ${principal.roleArn}`,
    registers === null ? "without a document" : `with a document of ${describeRegisters(registers, policy)}`,
    ...(context === null ? [] : [pairs.length === 0 ? "no context" : `context ${pairs.join(" ")}`]),
  ].join(", ");
}

/** A value that the policy does not name is the linter's own, and stands for any such. */
function describeRegisters(registers: Probe["registers"] & object, policy: string): string {
  const text = policy.toLowerCase();
  const isNamed = ([, value]: readonly [number, string]): boolean => text.includes(value.toLowerCase());
  const named = [...registers]
    .filter(isNamed)
    .map(([register, value]) => `PCR${register} ${value.slice(0, 8)}...`);
  const others = [...registers].filter((entry) => !isNamed(entry)).map(([register]) => `PCR${register}`);
  return [
    ...(named.length === 0 ? [] : [named.join(" ")]),
    ...(others.length === 0 ? [] : [`values that the policy does not name in ${others.join(" ")}`]),
  ].join(" and ");
}

function list(arns: readonly string[]): string {
  return arns.length === 0 ? "nobody" : arns.join(" ");
}
