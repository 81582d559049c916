// The condition keys that request-context.ts gives a value, or that are absent from every request of the local KMS. A
// policy that asks for any other is refused: what cannot be evaluated must not decide by its absence.

/** `list`: a key with several values, which only set operators may compare. */
export type KeyType = "string" | "list" | "arn" | "bool" | "number" | "date";

const KEYS: ReadonlyMap<string, KeyType> = new Map<string, KeyType>([
  ["aws:principalarn", "arn"],
  ["aws:principalaccount", "string"],
  ["aws:principaltype", "string"],
  ["aws:principalisawsservice", "bool"],
  ["aws:viaawsservice", "bool"],
  ["aws:securetransport", "bool"],
  ["aws:requestedregion", "string"],
  ["aws:currenttime", "date"],
  ["aws:epochtime", "number"],
  ["kms:calleraccount", "string"],
  ["kms:encryptionalgorithm", "string"],
  ["kms:encryptioncontextkeys", "list"],
  ["kms:keyorigin", "string"],
  ["kms:keyspec", "string"],
  ["kms:keyusage", "string"],
  ["kms:bypasspolicylockoutsafetycheck", "bool"],
  ["kms:recipientattestation:imagesha384", "string"],
  // Absent from every request of the local KMS: no service calls on anyone's behalf, no grants, no devices.
  ["kms:viaservice", "string"],
  ["kms:grantisforawsresource", "bool"],
  ["aws:multifactorauthpresent", "bool"],
]);

/** Names of keys have no case, those of encryption contexts in them included. Null: not known. */
export function findKeyType(key: string): KeyType | null {
  const name = key.toLowerCase();
  if (/^kms:recipientattestation:pcr(\d|[12]\d|3[01])$/.test(name)) return "string";
  if (/^kms:encryptioncontext:.+$/s.test(name)) return "string";
  return KEYS.get(name) ?? null;
}
