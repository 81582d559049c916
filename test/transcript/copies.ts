// Shapes of jobs that make a copy with tokens. Of columns whose tokens' lengths follow the values, only those are chosen
// whose values are of equal lengths in all data of a shape; none with a dictionary, as how many of its strings an object's
// rows have shows in the copy's length (docs/threat-model.md).
import type { Manifest, Rules } from "../../core/manifest/manifest.ts";
import { columnRules } from "../host/dataset.ts";
import type { TokenKey } from "../host/world.ts";
import type { Shape } from "./jobs.ts";

export const COPY = "visits-research";
export const DOMAIN: TokenKey = { domain: "person", version: 1 };

const AUDIENCE = "research";
const JOB = `kind: tokenize\naudience: ${AUDIENCE}`;
const SIV = { operator: "siv", ...DOMAIN };
const CMAC = { operator: "cmac", ...DOMAIN };
/** Of streets none is one. */
const SSN = { operator: "ssn", ...DOMAIN };
/** Numbers of any length; a dictionary. */
const DROP = { operator: "drop" };

export const COPIED: readonly Shape[] = [
  {
    name: "a copy with tokens of texts",
    job: JOB,
    layout: [[40, 40, 9], [33], [64, 1]],
    copy: { person: SIV, city: DROP, street: SIV, code: DROP },
    end: "done",
  },
  {
    name: "a copy with values that no token stands for, put aside for the owner",
    job: JOB,
    layout: [[50, 30], [70]],
    copy: { person: CMAC, city: DROP, street: { ...SSN, invalid: "quarantine" }, code: DROP },
    end: "done",
  },
  {
    // Of one batch: how much of the next has travelled when the enclave hangs up is left to chance.
    name: "a copy with a value that no token stands for",
    job: JOB,
    layout: [[60]],
    copy: { person: SIV, street: SSN },
    end: "TOKEN_INVALID",
  },
];

export function copyRules(
  keyArn: string,
  schema: Manifest["schema"],
  columns: NonNullable<Shape["copy"]>,
): Pick<Rules, "tokenization"> {
  return { tokenization: { [AUDIENCE]: { dataset: COPY, keyArn, columns: columnRules(schema, columns) } } };
}
