// One column of a copy: from the vector as it was read to the one that is sealed. What an operator does not take becomes
// what the rules say, and never itself.
import type { ArrowField } from "../../core/column/schema.ts";
import type { DictionaryVector, Vector } from "../../core/column/vector.ts";
import { Field } from "../../core/text/field.ts";
import type { TokenMaster } from "../../core/token/keys.ts";
import {
  daysOf,
  fatesOf,
  numbersOf,
  spellDay,
  spellNumber,
  spreadTexts,
  textsOf,
  validityOf,
  vectorOfDays,
} from "./cells.ts";
import { CodedColumn } from "./coded-column.ts";
import type { MakeTokens } from "./coded-column.ts";
import { FATES } from "./fate-names.ts";
import type { Kernel, TextKernel } from "./operator.ts";
import { parseTokenizer } from "./operators.ts";
import { parseRandom, randomKernel } from "./operators/random.ts";
import type { SharedTokens, SharedValues } from "./operators/random.ts";
import type { CopyColumn, CopyProgram, Tokens } from "./program.ts";
import type { Quarantine } from "./quarantine.ts";
import { REDACTED, withRedacted } from "./redacted.ts";
import { FATE, squeezed, textAt } from "./text-column.ts";
import type { TextColumn } from "./text-column.ts";

/** What a program's kernels need besides. */
export interface CopySecrets {
  /** Of the program's keys, in their order. */
  readonly masters: readonly Uint8Array[];
  /** Of its maps of random tokens: by value to make tokens, by token to reveal. */
  readonly maps: readonly (SharedTokens | SharedValues)[];
}

export class CopyColumnWork {
  /** Rows by fate. */
  readonly tally: Float64Array = new Float64Array(FATES);
  readonly #column: CopyColumn;
  readonly #kernel: Kernel | null;
  readonly #opener: TextKernel | null;
  readonly #rejects: Quarantine;
  #coded: CodedColumn | null = null;
  #rows = 0;

  /** Errors: TOKEN_KEY, TOKEN_SCOPE. */
  constructor(column: CopyColumn, program: CopyProgram, secrets: CopySecrets, rejects: Quarantine) {
    this.#column = column;
    this.#kernel = column.tokens === null ? null : makeKernel(column.tokens, program, secrets);
    const opener = column.opened === null ? null : makeKernel(column.opened, program, secrets);
    if (opener !== null && opener.takes !== "text") throw new Error("internal: tokens that are no texts");
    this.#opener = opener;
    this.#rejects = rejects;
  }

  /** `at`: the field's place in the copy. All vectors of an object's column are of one layout. */
  field(vector: Vector, at: number): ArrowField {
    const { name, given } = this.#column;
    const isCoded = vector.layout === "dictionary" && given.kind === "utf8";
    const bits = isCoded ? ((8 * vector.codes.BYTES_PER_ELEMENT) as 8 | 16 | 32) : null;
    return { name, type: given, dictionary: bits === null ? null : { id: at, bits } };
  }

  /** Error: TOKEN_SIZE. */
  convert(vector: Vector, unit: Vector | null): Vector {
    const converted = this.#kernel === null ? this.#keep(vector) : this.#tokenize(vector, unit, this.#kernel);
    this.#rows += vector.rows;
    return converted;
  }

  /** As it is, but for what no row has: strings of a dictionary, bytes beside and between the rows' own. */
  #keep(vector: Vector): Vector {
    const fates = fatesOf(vector);
    this.#count(fates);
    if (vector.layout === "dictionary") {
      const coded = this.#coder(vector, (texts) => texts);
      coded.fatesOf(vector, fates);
      return coded.convert(vector, null);
    }
    if (vector.layout !== "utf8") return vector;
    const { rows } = vector;
    const { offsets, bytes } = squeezed(textsOf(vector, fates), fates);
    return { ...vector, rows, offsets, bytes };
  }

  #tokenize(vector: Vector, unit: Vector | null, kernel: Kernel): Vector {
    if (kernel.takes === "text" && vector.layout === "dictionary") return this.#code(vector, kernel);
    const fates = fatesOf(vector);
    switch (kernel.takes) {
      case "text": {
        const texts = textsOf(vector, fates);
        return this.#textVector(this.#tokensOf(texts, fates, kernel), fates, (row) => rowText(texts, row));
      }
      case "date of unit": {
        const { days, times } = daysOf(vector, fates);
        const units = unitTexts(unit, vector.rows);
        const given = { days: kernel.tokenize({ days, units }, fates), times };
        for (let row = 0; row < given.days.length; row++) {
          if (fates[row] === FATE.done) continue;
          given.days[row] = 0;
          if (given.times !== null) given.times[row] = 0n;
        }
        this.#settle(fates, (row) => spellDay(vector, row));
        return vectorOfDays(vector, given, validityOf(fates));
      }
      case "date": {
        const values = kernel.tokenize(daysOf(vector, fates).days, fates);
        this.#settle(fates, (row) => spellDay(vector, row));
        return this.#numberVector(values, fates);
      }
      case "number": {
        const numbers = numbersOf(vector);
        const spell = (row: number): string => spellNumber(vector, row);
        if (kernel.gives === "text") return this.#textVector(kernel.tokenize(numbers, fates), fates, spell);
        const values = kernel.tokenize(numbers, fates);
        this.#settle(fates, spell);
        return this.#numberVector(values, fates);
      }
    }
  }

  #tokensOf(texts: TextColumn, fates: Uint8Array, kernel: TextKernel): TextColumn {
    return kernel.tokenize(this.#opener?.reveal?.(texts, fates) ?? texts, fates);
  }

  #textVector(given: TextColumn, fates: Uint8Array, spell: (row: number) => string): Vector {
    this.#settle(fates, spell);
    const isRedacted = this.#column.invalid === "redact";
    const { rows, offsets, bytes } = isRedacted ? withRedacted(given, fates) : squeezed(given, fates);
    return { type: this.#column.given, rows, validity: validityOf(fates), layout: "utf8", offsets, bytes };
  }

  #numberVector(values: Int32Array, fates: Uint8Array): Vector {
    const { given } = this.#column;
    return { type: given, rows: values.length, validity: validityOf(fates), layout: "number", values };
  }

  /** Tokens of a dictionary's strings, made once; rows are counted and judged one by one all the same. */
  #code(vector: DictionaryVector, kernel: TextKernel): Vector {
    const coded = this.#coder(vector, (texts, fates) => this.#tokensOf(texts, fates, kernel));
    const fates = coded.fatesOf(vector, fatesOf(vector));
    this.#settle(fates, (row) => vector.values[vector.codes[row] ?? 0] ?? "");
    if (this.#column.invalid !== "redact") return coded.convert(vector, validityOf(fates));
    return coded.convert(vector, validityOf(fates.map((fate) => (fate === FATE.null ? fate : FATE.done))));
  }

  #coder(vector: DictionaryVector, make: MakeTokens): CodedColumn {
    if (this.#coded?.values !== vector.values) {
      const isRedacted = this.#column.invalid === "redact";
      this.#coded = new CodedColumn(vector.values, make, isRedacted ? REDACTED : null);
    }
    return this.#coded;
  }

  /** Counts, and does with rows that have no token what the rules say, but for redaction. */
  #settle(fates: Uint8Array, spell: (row: number) => string): void {
    const { name, invalid } = this.#column;
    // An error waits until all objects are read (copy-merge.ts): sooner, the moment would tell where the row lies.
    if (this.#count(fates) === 0 || invalid !== "quarantine") return;
    for (const [row, fate] of fates.entries()) {
      if (fate === FATE.done || fate === FATE.null) continue;
      this.#rejects.add({ column: name, row: this.#rows + row, fate, value: spell(row) });
    }
  }

  /** How many rows are neither done nor null. */
  #count(fates: Uint8Array): number {
    const counts = new Int32Array(FATES);
    for (const fate of fates) counts[fate] = (counts[fate] ?? 0) + 1;
    for (let fate = 0; fate < FATES; fate++) this.tally[fate] = (this.tally[fate] ?? 0) + (counts[fate] ?? 0);
    return fates.length - (counts[FATE.done] ?? 0) - (counts[FATE.null] ?? 0);
  }
}

/** Errors: TOKEN_KEY, TOKEN_SCOPE. */
export function makeKernel(
  tokens: Tokens,
  { keys }: Pick<CopyProgram, "keys">,
  { masters, maps }: CopySecrets,
): Kernel {
  const { operator, parameters, audience, key, vault } = tokens;
  if (vault !== null) {
    const [master, map] = [masterOf(key, keys, masters, audience), maps[vault]];
    if (master === null || map === undefined || !("tokens" in map)) {
      throw new Error("internal: a program without its maps");
    }
    const { canonical } = parseRandom(new Field(parameters, "parameters", "TOKEN_PARAMETER"));
    return randomKernel(canonical, master, map);
  }
  return parseTokenizer(operator, parameters, "parameters").make(masterOf(key, keys, masters, audience));
}

/** Null where the operator has no key. */
export function masterOf(
  at: number | null,
  keys: CopyProgram["keys"],
  masters: readonly Uint8Array[],
  audience: string,
): TokenMaster | null {
  if (at === null) return null;
  const [entry, key] = [keys[at], masters[at]];
  if (entry === undefined || key === undefined) throw new Error("internal: a program without its keys");
  return { key, domain: entry.domain, audience, version: entry.version };
}

/** The units that rows belong to; of none where the unit is null. */
function unitTexts(unit: Vector | null, rows: number): TextColumn {
  if (unit?.rows !== rows) throw new Error("internal: dates without their units");
  const fates = fatesOf(unit);
  return squeezed(spreadTexts(unit, fates), fates);
}

function rowText({ offsets, bytes }: TextColumn, row: number): string {
  return textAt(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0);
}
