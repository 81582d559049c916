// Which builder a column gets, by its type and by how its records hold it.
import type { BuilderColumn, ColumnBuilder } from "./column-builder.ts";
import { BoolBuilder, DecimalBuilder, NumberBuilder, WordsBuilder } from "./fixed-builders.ts";
import { CodeBuilder, TextBuilder } from "./text-builders.ts";

export function columnBuilder(column: BuilderColumn): ColumnBuilder {
  const { type, field, dictionary } = column;
  if (dictionary !== null && dictionary.codes !== null) return new CodeBuilder(column, dictionary.codes);
  if (field.layout === "text") return new TextBuilder(column);
  switch (type.kind) {
    case "bool":
      return new BoolBuilder(column);
    case "decimal":
      return new DecimalBuilder(column);
    case "timestamp":
      return new WordsBuilder(column);
    case "int":
      return type.bits === 64 ? new WordsBuilder(column) : new NumberBuilder(column);
    default:
      return new NumberBuilder(column);
  }
}
