// bucket: numbers to the interval they lie in. The lower edge belongs to an interval, the upper to the next.
import { isSafeText } from "../../../core/text/name.ts";
import type { Field } from "../../../core/text/field.ts";
import { KEYLESS } from "../operator.ts";
import type { ClassKernel, Operator } from "../operator.ts";
import { columnOf, FATE } from "../text-column.ts";

const MAX_EDGES = 1000;
const MAX_LABEL = 64;

export interface BucketParameters {
  /** Ascending. */
  readonly edges: readonly number[];
  /** One an interval. */
  readonly labels: readonly string[];
}

export const BUCKET: Operator<BucketParameters, ClassKernel> = {
  name: "bucket",
  takes: "number",
  gives: "text",
  parse: parseBucket,
  traits: () => KEYLESS,
  make({ edges, labels }) {
    const texts = labels.map((label) => new TextEncoder().encode(label));
    return {
      takes: "number",
      gives: "text",
      /** Fate: `range` below the first edge, from the last on, and for what is no number. */
      tokenize(numbers, fates) {
        const places = new Int32Array(numbers.length);
        const lengths = new Int32Array(numbers.length);
        for (let row = 0; row < numbers.length; row++) {
          if (fates[row] !== FATE.done) continue;
          const text = texts[(places[row] = findPlace(edges, numbers[row] ?? 0))];
          if (text === undefined) fates[row] = FATE.range;
          else lengths[row] = text.length;
        }
        const given = columnOf(lengths);
        for (let row = 0; row < numbers.length; row++) {
          if (fates[row] === FATE.done) given.bytes.set(texts[places[row] ?? 0] ?? [], given.offsets[row]);
        }
        return given;
      },
    };
  },
};

/** How many edges are at most the number, less one: -1 and edges.length - 1 are no interval. */
function findPlace(edges: readonly number[], number: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] ?? 0) <= number) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function parseBucket(parameters: Field): BucketParameters {
  const fields = parameters.record(["edges"], ["labels"]);
  const list = fields.edges.list(2, MAX_EDGES);
  const edges = list.map((edge) => edge.number());
  for (const [at, edge] of list.entries()) {
    if (at > 0 && !(edge.number() > (edges[at - 1] ?? 0))) throw edge.fault("not above the one before");
  }
  const spans = edges.slice(1).map((upper, at) => `[${edges[at] ?? 0},${upper})`);
  return { edges, labels: fields.labels === undefined ? spans : parseLabels(fields.labels, spans.length) };
}

function parseLabels(field: Field, count: number): readonly string[] {
  return field.list(count, count).map((each) => {
    const label = each.text();
    if (label === "" || label.length > MAX_LABEL || !isSafeText(label)) throw each.fault("malformed");
    return label;
  });
}
