// redact: in free text, what the detectors find gives way to its kind, as [SSN]. Names of people and places, and whatever
// has no detector, stay: the one operator whose output can be its input, and no de-identification by itself.
import type { DetectorName } from "../../../core/detect/detector.ts";
import { DETECTORS } from "../../../core/detect/detectors.ts";
import { Finder } from "../../../core/detect/find.ts";
import type { Field } from "../../../core/text/field.ts";
import { KEYLESS } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { columnOf, FATE } from "../text-column.ts";
import type { TextColumn } from "../text-column.ts";

const NAMES: readonly DetectorName[] = DETECTORS.map(({ name }) => name);
const encoder = new TextEncoder();

/** What stands in a value's place: no detector finds anything in it. */
const LABELS = new Map(NAMES.map((name) => [name, encoder.encode(`[${name.toUpperCase()}]`)] as const));

export interface RedactParameters {
  /** Of what kinds, in the order of all. */
  readonly detectors: readonly DetectorName[];
}

export const REDACT: Operator<RedactParameters, TextKernel> = {
  name: "redact",
  takes: "text",
  gives: "text",
  parse(parameters: Field) {
    const { detectors } = parameters.record([], ["detectors"]);
    const named = detectors?.list(1, NAMES.length).map((each) => each.oneOf(NAMES)) ?? NAMES;
    return { detectors: NAMES.filter((name) => named.includes(name)) };
  },
  traits: () => KEYLESS,
  make({ detectors }) {
    const finder = new Finder(DETECTORS.filter(({ name }) => detectors.includes(name)));
    return {
      takes: "text",
      gives: "text",
      /** No fates of its own: of an empty text nothing is to be hidden, and it stays. Error: TOKEN_SIZE. */
      tokenize: (texts, fates) => withLabels(texts, fates, findValues(finder, texts, fates)),
    };
  },
};

/** Values by ascending place, row after row. */
interface Found {
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly labels: readonly Uint8Array[];
  /** Bytes of each row with labels in the values' places. Past what a column holds where TOKEN_SIZE is due. */
  readonly lengths: Float64Array;
}

function findValues(finder: Finder, { rows, offsets, bytes }: TextColumn, fates: Uint8Array): Found {
  let starts = new Int32Array(1024);
  let ends = new Int32Array(1024);
  const labels: Uint8Array[] = [];
  const lengths = new Float64Array(rows);
  let length = 0;
  const add = (name: DetectorName, start: number, end: number): void => {
    const count = labels.length;
    if (count === starts.length) {
      starts = grown(starts);
      ends = grown(ends);
    }
    const label = LABELS.get(name) ?? raise();
    starts[count] = start;
    ends[count] = end;
    labels.push(label);
    length += label.length - (end - start);
  };
  for (let row = 0; row < rows; row++) {
    if (fates[row] !== FATE.done) continue;
    const [from, to] = [offsets[row] ?? 0, offsets[row + 1] ?? 0];
    length = to - from;
    finder.coverIn(bytes, from, to, add);
    lengths[row] = length;
  }
  return { count: labels.length, starts, ends, labels, lengths };
}

function withLabels({ rows, offsets, bytes }: TextColumn, fates: Uint8Array, found: Found): TextColumn {
  const given = columnOf(found.lengths);
  let next = 0;
  for (let row = 0; row < rows; row++) {
    if (fates[row] !== FATE.done) continue;
    let [from, to] = [offsets[row] ?? 0, given.offsets[row] ?? 0];
    const end = offsets[row + 1] ?? 0;
    for (; next < found.count && (found.starts[next] ?? 0) < end; next++) {
      const start = found.starts[next] ?? 0;
      const label = found.labels[next] ?? raise();
      given.bytes.set(bytes.subarray(from, start), to);
      given.bytes.set(label, to + start - from);
      to += start - from + label.length;
      from = found.ends[next] ?? 0;
    }
    given.bytes.set(bytes.subarray(from, end), to);
  }
  return given;
}

function grown(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}

function raise(): never {
  throw new Error("internal: no such detector");
}
