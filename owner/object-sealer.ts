// One sealed object from rows as they come: batches of typed columns, an Arrow file of them, frames of an Encryption
// SDK message. What is in flight is one batch and one frame; whoever takes the frames sets the pace.
import { ArrowFileWriter } from "../core/column/writer.ts";
import type { ArrowField } from "../core/column/schema.ts";
import { BATCH_ROWS, UNIT_START_FIELD } from "../core/column/type.ts";
import { DATASET_KEYRING } from "../core/manifest/manifest.ts";
import { DEFAULT_FRAME_LENGTH, MessageWriter } from "../core/seal/writer.ts";
import type { Dictionaries } from "./dictionaries.ts";
import { FlagBuilder } from "./bit-builder.ts";
import { columnBuilder, type ColumnBuilder } from "./column-builder.ts";
import type { RowStream } from "./row-stream.ts";
import type { SealColumn } from "./source.ts";

/** Everything of an object that is the same for all objects of a seal, or that its header holds. */
export interface TableShape {
  readonly columns: readonly SealColumn[];
  readonly dictionaries: Dictionaries;
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
  readonly #starts = new FlagBuilder();

  constructor(shape: TableShape) {
    this.#shape = shape;
    this.#fields = arrowFields(shape);
    this.#builders = shape.columns.map(({ arrowType }, i) => {
      const values = shape.dictionaries.get(i) ?? null;
      return columnBuilder(arrowType, values, codeBits(values?.length ?? 0));
    });
  }

  /**
   * The object's bytes, then what it is. Takes rows until the stream says that the object ends.
   * @param context goes into the header in the clear
   */
  async *seal(
    rows: RowStream,
    datasetKey: Uint8Array,
    context: ReadonlyMap<string, string>,
  ): AsyncGenerator<Uint8Array, SealedObject, void> {
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
    for (let filled = await this.#fillBatch(rows); filled > 0; filled = await this.#fillBatch(rows)) {
      for (const chunk of file.batch(filled, this.#vectors())) yield* message.push(chunk);
      total += filled;
    }
    for (const chunk of file.finish(this.#shape.dictionaries)) yield* message.push(chunk);
    yield* message.finish();
    return { digest: message.digest, rows: total, bytes: message.sealedBytes };
  }

  async #fillBatch(rows: RowStream): Promise<number> {
    for (const builder of this.#builders) builder.clear();
    this.#starts.clear();
    let filled = 0;
    while (filled < BATCH_ROWS) {
      const part = await rows.take(BATCH_ROWS - filled);
      if (part === null) break;
      for (const [i, builder] of this.#builders.entries()) {
        const column = part.columns[i];
        if (column !== undefined) builder.append(column, part);
      }
      if (part.starts !== null) this.#starts.append(part.starts, part);
      filled += part.to - part.from;
    }
    return filled;
  }

  #vectors(): readonly ReturnType<ColumnBuilder["vector"]>[] {
    const vectors = this.#builders.map((builder) => builder.vector());
    return this.#shape.hasUnits ? [...vectors, this.#starts.vector()] : vectors;
  }
}

function arrowFields({ columns, dictionaries, hasUnits }: TableShape): readonly ArrowField[] {
  const fields = columns.map(({ name, arrowType }, i): ArrowField => {
    const values = dictionaries.get(i);
    const dictionary = values === undefined ? null : { id: i, bits: codeBits(values.length) };
    return { name, type: arrowType, dictionary };
  });
  return hasUnits
    ? [...fields, { name: UNIT_START_FIELD, type: { kind: "bool" }, dictionary: null }]
    : fields;
}

/** The smallest signed codes for so many values. */
function codeBits(values: number): 8 | 16 | 32 {
  return values <= 128 ? 8 : values <= 32_768 ? 16 : 32;
}
