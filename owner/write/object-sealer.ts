// One sealed object from rows as they come: batches of typed columns, an Arrow file of them, frames of an Encryption
// SDK message. What is in flight is one batch and one frame; whoever takes the frames sets the pace.
import { ArrowFileWriter } from "../../core/column/writer.ts";
import type { ArrowField } from "../../core/column/schema.ts";
import { BATCH_ROWS, UNIT_START_FIELD } from "../../core/column/type.ts";
import { DATASET_KEYRING } from "../../core/manifest/manifest.ts";
import { DEFAULT_FRAME_LENGTH, MessageWriter } from "../../core/seal/writer.ts";
import { FlagBuilder } from "./flag-builder.ts";
import type { BuilderColumn, ColumnBuilder } from "./column-builder.ts";
import { columnBuilder } from "./make-builder.ts";
import type { RowStream } from "./row-stream.ts";

/** Everything of an object that is the same for all objects of a seal, or that its header holds. */
export interface TableShape {
  readonly columns: readonly (BuilderColumn & { readonly name: string })[];
  /** The columns of text in the order of their texts in a record. */
  readonly texts: readonly number[];
  readonly hasUnits: boolean;
}

export interface SealedObject {
  /** SHA-384 of the message's header. */
  readonly digest: Uint8Array;
  readonly rows: number;
  readonly bytes: number;
}

/** The batch arrays of a seal, used for one object after another. */
export class ObjectSealer {
  readonly #shape: TableShape;
  readonly #fields: readonly ArrowField[];
  readonly #builders: readonly ColumnBuilder[];
  /** The same, in the order in which they take from a record. */
  readonly #filling: readonly ColumnBuilder[];
  readonly #starts = new FlagBuilder();

  constructor(shape: TableShape) {
    this.#shape = shape;
    this.#fields = arrowFields(shape);
    this.#builders = shape.columns.map(columnBuilder);
    const isText = (i: number): boolean => shape.texts.includes(i);
    const others = shape.columns.flatMap((_, i) => (isText(i) ? [] : [i]));
    this.#filling = [...shape.texts, ...others].flatMap((i) => this.#builders[i] ?? []);
  }

  /**
   * The object's bytes, then what it is. Takes rows until the stream says that the object ends.
   * @param context goes into the header in the clear
   */
  *seal(
    rows: RowStream,
    datasetKey: Uint8Array,
    context: ReadonlyMap<string, string>,
  ): Generator<Uint8Array, SealedObject, void> {
    const message = new MessageWriter({
      wrappingKey: datasetKey,
      keyNamespace: DATASET_KEYRING.namespace,
      keyName: DATASET_KEYRING.name,
      encryptionContext: context,
    });
    const file = new ArrowFileWriter(this.#fields, DEFAULT_FRAME_LENGTH);
    yield message.header();
    for (const chunk of file.start()) yield* message.push(chunk);
    let total = 0;
    for (let filled = this.#fillBatch(rows); filled > 0; filled = this.#fillBatch(rows)) {
      for (const chunk of file.batch(filled, this.#vectors())) yield* message.push(chunk);
      total += filled;
    }
    for (const chunk of file.finish(dictionariesOf(this.#shape))) yield* message.push(chunk);
    yield* message.finish();
    return { digest: message.digest, rows: total, bytes: message.sealedBytes };
  }

  #fillBatch(rows: RowStream): number {
    for (const builder of this.#builders) builder.clear();
    this.#starts.clear();
    let filled = 0;
    while (filled < BATCH_ROWS) {
      const part = rows.take(BATCH_ROWS - filled);
      if (part === null) break;
      for (const builder of this.#filling) builder.append(part);
      if (part.starts !== null) this.#starts.append(part.starts);
      filled += part.rows;
    }
    return filled;
  }

  #vectors(): readonly ReturnType<ColumnBuilder["vector"]>[] {
    const vectors = this.#builders.map((builder) => builder.vector());
    return this.#shape.hasUnits ? [...vectors, this.#starts.vector()] : vectors;
  }
}

function dictionariesOf({ columns }: TableShape): ReadonlyMap<number, readonly string[]> {
  return new Map(
    columns.flatMap(({ dictionary }, i) => {
      const codes = dictionary?.codes ?? null;
      return codes === null ? [] : [[i, codes.strings]];
    }),
  );
}

function arrowFields({ columns, hasUnits }: TableShape): readonly ArrowField[] {
  const fields = columns.map(({ name, type, dictionary }, i): ArrowField => {
    const codes = dictionary?.codes ?? null;
    return { name, type, dictionary: codes === null ? null : { id: i, bits: codes.bits } };
  });
  return hasUnits
    ? [...fields, { name: UNIT_START_FIELD, type: { kind: "bool" }, dictionary: null }]
    : fields;
}
