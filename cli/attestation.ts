// `sealroom attestation`: whether a Nitro attestation document is authentic, and what it says. No expectation is taken
// from the document; what nobody gave is said to be unchecked.
import type { Command } from "commander";
import { decodeCertificate } from "../core/attestation/certificate.ts";
import { isDebug } from "../core/attestation/document.ts";
import type { AttestationDocument } from "../core/attestation/document.ts";
import { encodeRegister, parseRegister } from "../core/attestation/measurements.ts";
import { AWS_ROOT, trustRoot } from "../core/attestation/root.ts";
import type { TrustRoot } from "../core/attestation/root.ts";
import { authenticate, authenticateArchived } from "../core/attestation/verify.ts";
import { PolicyError, SealroomError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { encodeHex } from "../core/text/digest.ts";
import { decodeEncoded } from "./encoded.ts";
import { act, collect, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { FaultAt, locate, readFault, renderFault, usage } from "./fault.ts";
import { readBytes, TEXT_BYTES } from "./file.ts";
import { parseTime } from "./number.ts";
import { paint, renderFields } from "./output.ts";
import type { Report } from "./output.ts";

interface Options {
  readonly at: string;
  readonly pcr?: readonly string[];
  readonly root?: string;
}

type When = { readonly mode: "document" } | { readonly mode: "now" | "given"; readonly timeMs: number };

const MEASURED = [0, 1, 2];

export function declareAttestation(parent: Command, host: Host): void {
  const command = declare(parent, "attestation", {
    summary: "check a Nitro attestation document and show what it says",
    description:
      "Checks that a document comes from a Nitro enclave: strict decoding, certificate chain up to Amazon's root, " +
      "signature. Says nothing about the image that ran unless --pcr gives what to expect.",
    examples: [
      "sealroom attestation document.cbor",
      "sealroom attestation document.b64 --at now --pcr 0=3f5a... --pcr 1=bcdf... \\\n      --pcr 2=90a1...",
      "sealroom attestation simulated.cbor --json \\\n      --root .sealroom/simulated-root.pem",
    ],
  })
    .argument("<file>", "the document: binary, hex or base64")
    .option(
      "--at <when>",
      "time at which the certificates must be valid: `document` (its own), `now`, or as 2026-01-31T12:00:00Z",
      "document",
    )
    .option("--pcr <n=hex>", "a register that must have this value; may be repeated", collect)
    .option("--root <file>", "trust this root certificate (PEM or DER) instead of Amazon's");
  act(command, host, attestation);
}

async function attestation(_session: Session, options: Options, file: string): Promise<Report> {
  const when = parseWhen(options.at);
  const expected = parseRegisters(options.pcr ?? []);
  const root = options.root === undefined ? AWS_ROOT : await readRoot(options.root);
  const bytes = decodeEncoded(await readBytes(file, TEXT_BYTES));
  let document: AttestationDocument;
  try {
    document =
      when.mode === "document"
        ? await authenticateArchived(bytes, root)
        : await authenticate(bytes, root, when.timeMs);
  } catch (error) {
    return refusal(file, error, {});
  }
  const facts = describe(document, root, when, expected);
  if (isDebug(document)) return refusal(file, new PolicyError("POLICY_DEBUG"), facts.json, facts.fields);
  const wrong = [...expected].find(([index, value]) => !hasRegister(document, index, value));
  if (wrong !== undefined) {
    return refusal(file, new PolicyError("POLICY_PCR", { pcr: wrong[0] }), facts.json, facts.fields);
  }
  const title = `${paint("green", root.simulated ? "AUTHENTIC, BUT SIMULATED" : "AUTHENTIC")}  ${file}`;
  return {
    exit: 0,
    json: { authentic: true, reason: null, ...facts.json },
    text: [title, ...renderFields(facts.fields)],
  };
}

type FieldList = readonly (readonly [label: string, value: string])[];

/** The verdict that was asked for, so it goes to standard output. */
function refusal(file: string, error: unknown, json: JsonObject, fields: FieldList = []): Report {
  if (!(error instanceof SealroomError)) throw error;
  const fault = readFault(new FaultAt(file, error));
  const authentic = fields.length > 0;
  const verdict = !authentic ? "NOT AUTHENTIC" : fault.exit === 5 ? "DEBUG ENCLAVE" : "NOT AS EXPECTED";
  return {
    exit: fault.exit,
    json: {
      authentic,
      reason: fault.code,
      error: {
        code: fault.code,
        what: fault.what,
        where: file,
        advice: fault.advice,
        details: { ...fault.details },
      },
      ...json,
    },
    text: [renderFault(paint("red", verdict), fault), ...renderFields(fields)],
  };
}

function describe(
  document: AttestationDocument,
  root: TrustRoot,
  when: When,
  expected: ReadonlyMap<number, string>,
): { readonly json: JsonObject; readonly fields: FieldList } {
  const pcrs = [...document.pcrs].sort(([left], [right]) => left - right);
  const time = new Date(document.timestampMs).toISOString();
  const judgedAt = when.mode === "document" ? time : new Date(when.timeMs).toISOString();
  const leaf = decodeCertificate(document.certificate);
  const unchecked = MEASURED.filter((index) => !expected.has(index));
  const optional = [
    ["public key", document.publicKey],
    ["user data", document.userData],
    ["nonce", document.nonce],
  ] as const;
  const isZero = (register: Uint8Array): boolean => register.every((byte) => byte === 0);
  const zeros = pcrs.filter(([, register]) => isZero(register)).map(([index]) => index);
  return {
    json: {
      simulated: root.simulated,
      debug: isDebug(document),
      at: { mode: when.mode, time: judgedAt },
      moduleId: document.moduleId,
      timestamp: time,
      timestampMs: document.timestampMs,
      digest: "SHA384",
      pcrs: Object.fromEntries(pcrs.map(([index, register]) => [String(index), encodeRegister(register)])),
      publicKey: optionalHex(document.publicKey),
      userData: optionalHex(document.userData),
      nonce: optionalHex(document.nonce),
      leaf: {
        notBefore: new Date(leaf.notBeforeMs).toISOString(),
        notAfter: new Date(leaf.notAfterMs).toISOString(),
      },
      checkedPcrs: [...expected.keys()],
      uncheckedPcrs: unchecked,
    },
    fields: [
      ["root", root.simulated ? "SIMULATED: the one given by --root, not Amazon's" : "AWS Nitro Enclaves"],
      ["judged at", `${judgedAt} (${WHEN_WORDS[when.mode]})`],
      ["module", document.moduleId],
      ["made at", time],
      ["valid until", new Date(leaf.notAfterMs).toISOString()],
      ...pcrs
        .filter(([index, register]) => MEASURED.includes(index) || !isZero(register))
        .map(([index, register]) => [`PCR${index}`, encodeRegister(register)] as const),
      ...(zeros.length > 0 ? [["all zero", zeros.map((index) => `PCR${index}`).join(" ")] as const] : []),
      ...optional.map(([label, value]) => [label, renderOptional(value)] as const),
      ["measurements", renderUnchecked(unchecked)],
    ],
  };
}

const WHEN_WORDS = {
  document: "the document's own time; --at now judges it today",
  now: "now",
  given: "as given by --at",
};

function renderUnchecked(unchecked: readonly number[]): string {
  if (unchecked.length === 0) return "PCR0, PCR1 and PCR2 are as expected";
  const names = unchecked.map((index) => `PCR${index}`).join(", ");
  return `UNCHECKED: ${names}. Any image may have run; give --pcr N=HEX for each.`;
}

function renderOptional(value: Uint8Array | null): string {
  if (value === null) return "none";
  const hex = encodeHex(value.subarray(0, 64));
  return `${value.length} bytes${hex === "" ? "" : `: ${hex}${value.length > 64 ? "..." : ""}`}`;
}

function optionalHex(value: Uint8Array | null): string | null {
  return value === null ? null : encodeHex(value);
}

function hasRegister(document: AttestationDocument, index: number, expected: string): boolean {
  const register = document.pcrs.get(index);
  return register !== undefined && encodeRegister(register) === expected;
}

function parseWhen(text: string): When {
  if (text === "document") return { mode: "document" };
  if (text === "now") return { mode: "now", timeMs: Date.now() };
  return { mode: "given", timeMs: parseTime("--at", text) };
}

/** A register of zeros that is expected in 0 to 2 would be a debug enclave accepted on request. */
function parseRegisters(items: readonly string[]): ReadonlyMap<number, string> {
  const registers = new Map<number, string>();
  for (const item of items) {
    const [, digits = "", hex = ""] = /^(\d{1,2})=(.*)$/.exec(item) ?? [];
    const index = digits === "" ? NaN : Number(digits);
    const value = parseRegister(hex.replace(/^0x/, ""));
    if (!(index <= 31)) throw usage(`--pcr '${item}' is not of the form N=HEX with N from 0 to 31`);
    if (value === null) throw usage(`--pcr ${digits}: the value is not 96 hex digits (SHA-384)`);
    if (registers.has(index)) throw usage(`--pcr ${digits} is given twice`);
    if (MEASURED.includes(index) && /^0+$/.test(value)) {
      throw new SealroomError("EXPECTATION_EMPTY", {
        field: `pcr${digits}`,
        fault: "all zero, as in a debug enclave",
      });
    }
    registers.set(index, value);
  }
  return registers;
}

async function readRoot(path: string): Promise<TrustRoot> {
  const bytes = await readBytes(path, TEXT_BYTES);
  return locate(path, () => trustRoot(bytes));
}
