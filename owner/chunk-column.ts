// One column of one DuckDB chunk in the form in which a batch takes it: raw values of the target's width, or gathered
// text. Views on DuckDB's memory; whoever keeps them copies.
import { DuckDBTypeId, type DuckDBDataChunk, type DuckDBType } from "@duckdb/node-api";
import type { ColumnType } from "../core/column/type.ts";
import { gatherText, vectorData, vectorValidity, type GatheredText } from "./duckdb-vector.ts";

/** How a column's values lie in DuckDB's vectors. */
export type ChunkLayout = "bool" | "fixed" | "decimal" | "code" | "text";

export interface ChunkShape {
  readonly layout: ChunkLayout;
  /** Bytes of a value in DuckDB; 0 for text. */
  readonly width: 0 | 1 | 2 | 4 | 8 | 16;
}

export interface ChunkColumn {
  readonly shape: ChunkShape;
  readonly validity: Uint8Array | null;
  /** Of all layouts but text. */
  readonly data: Uint8Array;
  readonly text: GatheredText | null;
}

/** @param type DuckDB's type of the result column that holds `target` */
export function chunkShape(type: DuckDBType, target: ColumnType): ChunkShape {
  if (type.typeId === DuckDBTypeId.ENUM) {
    const { internalTypeId } = type;
    const width =
      internalTypeId === DuckDBTypeId.UTINYINT ? 1 : internalTypeId === DuckDBTypeId.USMALLINT ? 2 : 4;
    return { layout: "code", width };
  }
  switch (target.kind) {
    case "bool":
      return { layout: "bool", width: 1 };
    case "utf8":
      return { layout: "text", width: 0 };
    case "decimal": {
      // DuckDB keeps a decimal in the smallest integer that holds its digits.
      const { precision } = target;
      return { layout: "decimal", width: precision <= 4 ? 2 : precision <= 9 ? 4 : precision <= 18 ? 8 : 16 };
    }
    case "date":
      return { layout: "fixed", width: 4 };
    case "timestamp":
      return { layout: "fixed", width: 8 };
    case "int":
    case "float":
      return { layout: "fixed", width: (target.bits / 8) as 1 | 2 | 4 | 8 };
  }
}

export function chunkColumns(chunk: DuckDBDataChunk, shapes: readonly ChunkShape[]): readonly ChunkColumn[] {
  const rows = chunk.rowCount;
  const texts = shapes.flatMap(({ layout }, i) => (layout === "text" ? [i] : []));
  const gathered = new Map(gatherText(chunk, texts, rows).map((text, i) => [texts[i], text]));
  return shapes.map((shape, i) => ({
    shape,
    validity: vectorValidity(chunk, i, rows),
    data: shape.width === 0 ? new Uint8Array(0) : vectorData(chunk, i, rows * shape.width),
    text: gathered.get(i) ?? null,
  }));
}
