// A key policy's next one: new images, epochs and token keys beside what is there, and old ones out. While both images
// are in, both open the key, each by statements of its own.
import type { Measurements } from "../../core/attestation/measurements.ts";
import { SealroomError } from "../../core/errors.ts";
import { imageName, type CheckedTerms, type KeyPolicyTerms, type TokenKey } from "./terms.ts";

/** What comes and goes of one kind. */
export interface Turnover<Value> {
  readonly add: readonly Value[];
  readonly retire: readonly Value[];
}

export interface RollOver {
  readonly images: Turnover<Measurements>;
  readonly epochs: Turnover<number>;
  readonly tokens: Turnover<TokenKey>;
}

/**
 * The terms after the change; keyPolicy checks what is added.
 * @throws KEYPOLICY_CHANGE for an entry to add that is there, one to retire that is not, and for the last image
 */
export function rollOver(terms: CheckedTerms, { images, epochs, tokens }: RollOver): KeyPolicyTerms {
  const measurements = turn(terms.measurements, images, "image", imageName);
  if (measurements.length === 0) {
    throw change("no image would be left: add the new one first, and retire the old one when it runs");
  }
  return {
    ...terms,
    measurements,
    liveEpochs: turn(terms.liveEpochs, epochs, "epoch", String),
    tokens: turn(terms.tokens, tokens, "token key", ({ domain, version }) => `${domain}:${version}`),
  };
}

function turn<Value>(
  current: readonly Value[],
  { add, retire }: Turnover<Value>,
  kind: string,
  nameOf: (value: Value) => string,
): readonly Value[] {
  const names = new Set(current.map(nameOf));
  for (const name of retire.map(nameOf)) {
    if (!names.delete(name)) throw change(`it lists no such ${kind} to retire`, name);
  }
  const kept = current.filter((value) => names.has(nameOf(value)));
  const known = new Set(current.map(nameOf));
  for (const name of add.map(nameOf)) {
    if (known.has(name)) throw change(`it lists this ${kind} already`, name);
    known.add(name);
  }
  return [...kept, ...add];
}

/** Of an image PCR0 is name enough. */
function change(fault: string, name?: string): SealroomError {
  const entry = name?.split(" ")[0];
  return new SealroomError("KEYPOLICY_CHANGE", { fault, ...(entry === undefined ? {} : { entry }) });
}
