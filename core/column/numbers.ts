// Numbers of a fixed width as the typed array of their type.
import type { ColumnType } from "./type.ts";
import type { NumberVector } from "./vector.ts";
import { alignedTo } from "./view.ts";

/** A view of the type's own array class; undefined for what is kept as words. */
export function numbersOf(type: ColumnType, bytes: Uint8Array): NumberVector["values"] | undefined {
  if (type.kind === "date") return new Int32Array(...alignedTo(4, bytes));
  if (type.kind === "float") {
    return type.bits === 32
      ? new Float32Array(...alignedTo(4, bytes))
      : new Float64Array(...alignedTo(8, bytes));
  }
  if (type.kind !== "int") return undefined;
  switch (type.bits) {
    case 8:
      return type.signed ? new Int8Array(...alignedTo(1, bytes)) : bytes;
    case 16:
      return type.signed ? new Int16Array(...alignedTo(2, bytes)) : new Uint16Array(...alignedTo(2, bytes));
    case 32:
      return type.signed ? new Int32Array(...alignedTo(4, bytes)) : new Uint32Array(...alignedTo(4, bytes));
    case 64:
      return undefined;
  }
}
