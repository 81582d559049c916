// Which column types operators take, and of which type what they give is.
import type { ColumnType } from "../../core/column/type.ts";
import type { Kernel } from "./operator.ts";

const TAKEN: Readonly<Record<Kernel["takes"], readonly ColumnType["kind"][]>> = {
  // Whole numbers as their decimal digits, days as 2026-11-30.
  text: ["utf8", "int", "date"],
  "date of unit": ["date", "timestamp"],
  date: ["date", "timestamp"],
  number: ["int", "float", "decimal"],
};

export function isTaken(type: ColumnType, takes: Kernel["takes"]): boolean {
  return TAKEN[takes].includes(type.kind);
}

/** Dates stay of the type they were of; a time of day stays with its day. */
export function givenType(type: ColumnType, gives: Kernel["gives"]): ColumnType {
  if (gives === "text") return { kind: "utf8" };
  return gives === "number" ? { kind: "int", bits: 32, signed: true } : type;
}
