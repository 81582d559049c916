// What to do about the faults of an owner's own keys, files and data sets.
import type { ErrorCode } from "../core/errors.ts";
import type { Consequence } from "./exit.ts";

export const OWNER_ADVICE: Readonly<Partial<Record<ErrorCode, Consequence>>> = {
  OWNER_KEY_FILE: { exit: 3, advice: "Look at the path and its rights." },
  OWNER_KEY_EXISTS: { exit: 3, advice: "Give another name, or move what is there." },
  OWNER_KEY_MODE: { exit: 3, advice: "Take the others' rights away (chmod 600)." },
  OWNER_KEY_FORM: {
    exit: 3,
    advice: "Give a key file that `sealroom keygen` made, private or public as is needed.",
  },
  OWNER_INPUT: { exit: 3, advice: "Correct the data, or its format." },
  OWNER_COLUMNS: { exit: 3, advice: "Correct the schema; `sealroom seal --init` proposes one." },
  OWNER_COLUMN_TYPE: { exit: 3, advice: "Give the column another type in the schema." },
  OWNER_VALUES: {
    exit: 3,
    advice:
      "Correct the values, or in the schema give the column another type, or list under `null_tokens` what stands for no value.",
  },
  OWNER_UNIT: {
    exit: 3,
    advice: "Give --unit a column of the input, or `row` where no person has two rows.",
  },
  OWNER_UNIT_OPEN: {
    exit: 3,
    advice:
      "Write the column that names the person, and give it the role unit; or `unit: row`, where each row is another person.",
  },
  OWNER_UNIT_NULL: {
    exit: 3,
    advice:
      "Remove those rows, choose another unit, or have `seal` leave them out (`null_units: drop` in the schema).",
  },
  OWNER_CHANGED: { exit: 3, advice: "Seal it when nobody writes to it." },
  OWNER_MEMORY: { exit: 4, advice: "Give a higher memory limit." },
  OWNER_SPILL: {
    exit: 4,
    advice: "Make room in the temporary directory (TMPDIR names another), or give a higher memory limit.",
  },
  OWNER_TEXT: { exit: 3, advice: "Shorten the texts, or leave the column out." },
  OWNER_EPOCH: { exit: 4, advice: "Look at this machine's clock." },
  OWNER_TAKEN: { exit: 1, advice: "Give another location with --to." },
  OWNER_PLACE: { exit: 2, advice: "Give --at a place above all objects, in their bucket." },
  OWNER_ENVELOPE: { exit: 3, advice: "Look at the object, or seal its content with `sealroom seal`." },
  OWNER_WRITER_KEY: {
    exit: 1,
    advice: "Name the KMS key that its writer uses with --writer-key, if you trust it.",
  },
  OWNER_FORMAT: {
    exit: 3,
    advice:
      "Say --format csv if it is CSV; else write it as an uncompressed Arrow IPC file or as Parquet that is not encrypted.",
  },
  OWNER_OUTPUT: {
    exit: 1,
    advice: "Do not sign it: what came back is not the copy that the receipt is for.",
  },
  OWNER_OBJECT: { exit: 1, advice: "Run the job again: the host has not stored the copy whole." },
  OWNER_VAULT: {
    exit: 1,
    advice:
      "Put that map in `vaults` of the input's rules and run the job again, or sign at a place of its own.",
  },
  OWNER_MANIFEST: {
    exit: 1,
    advice:
      "Whoever stores the data set may have put an older manifest back: sign only the one you printed last.",
  },
  OWNER_DATASET: { exit: 1, advice: "Look at the location, the data set's name and the owner's key." },
};
