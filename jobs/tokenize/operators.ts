// The tokenization operators there are, by name. What runs a job asks here and knows none of them; a name that is not in
// the table does not exist. `drop` and `keep` are no operators: the job itself leaves a column out or lets it through.
import { SealroomError } from "../../core/errors.ts";
import type { JsonValue } from "../../core/json.ts";
import { Field, nearestDetail } from "../../core/text/field.ts";
import type { TokenMaster } from "../../core/token/keys.ts";
import type { Kernel, Operator, Traits } from "./operator.ts";
import { AGE_CAP } from "./operators/age-cap.ts";
import { BUCKET } from "./operators/bucket.ts";
import { CMAC } from "./operators/cmac.ts";
import { DATE_SHIFT } from "./operators/date-shift.ts";
import { DATE_YEAR } from "./operators/date-year.ts";
import { EMAIL } from "./operators/email.ts";
import { FF1 } from "./operators/ff1.ts";
import { HMAC } from "./operators/hmac.ts";
import { MASK } from "./operators/mask.ts";
import { PAN } from "./operators/pan.ts";
import { PHONE } from "./operators/phone.ts";
import { REDACT } from "./operators/redact.ts";
import { SIV } from "./operators/siv.ts";
import { SSN } from "./operators/ssn.ts";
import { TRUNCATE } from "./operators/truncate.ts";
import { ZIP3 } from "./operators/zip3.ts";

/** An operator with its parameters, before it has a key. */
export interface Tokenizer extends Traits {
  readonly takes: Kernel["takes"];
  readonly gives: Kernel["gives"];
  /** `master`: null where it is not keyed. Errors: TOKEN_KEY, TOKEN_SCOPE. */
  readonly make: (master: TokenMaster | null) => Kernel;
}

interface Entry {
  readonly takes: Kernel["takes"];
  readonly gives: Kernel["gives"];
  /** Errors: TOKEN_PARAMETER. */
  readonly parse: (parameters: Field) => Tokenizer;
}

export const OPERATORS: ReadonlyMap<string, Entry> = new Map([
  entry(SIV),
  entry(CMAC),
  entry(HMAC),
  entry(FF1),
  entry(PAN),
  entry(SSN),
  entry(PHONE),
  entry(EMAIL),
  entry(MASK),
  entry(TRUNCATE),
  entry(DATE_SHIFT),
  entry(DATE_YEAR),
  entry(AGE_CAP),
  entry(ZIP3),
  entry(BUCKET),
  entry(REDACT),
]);

function entry<P, K extends Kernel>(operator: Operator<P, K>): readonly [string, Entry] {
  const { name, takes, gives } = operator;
  const parse = (field: Field): Tokenizer => {
    const parameters = operator.parse(field);
    const make = (master: TokenMaster | null): K => operator.make(parameters, master);
    return { takes, gives, ...operator.traits(parameters), make };
  };
  return [name, { takes, gives, parse }];
}

/** `path`: where the parameters stand, for errors. Errors: TOKEN_OPERATOR, TOKEN_PARAMETER. */
export function parseTokenizer(name: string, parameters: JsonValue, path: string): Tokenizer {
  const found = OPERATORS.get(name);
  if (found === undefined) {
    throw new SealroomError("TOKEN_OPERATOR", { field: path, ...nearestDetail(name, OPERATORS.keys()) });
  }
  return found.parse(new Field(parameters, path, "TOKEN_PARAMETER"));
}
