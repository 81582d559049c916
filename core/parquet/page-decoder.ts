// The decoder of Parquet's pages: the WebAssembly of the package parquet-wasm, which is Rust's parquet crate, and none of
// its JavaScript. It gets bytes and gives bytes. Of the 127 functions that it would import, to fetch, to wait, to write to
// streams, it gets those few that take an option apart and make an error; the others refuse. What breaks it, a panic or
// memory past its limit, breaks this instance: it is thrown away, and the next file gets a new one.
import { SealroomError } from "../errors.ts";
import { parquetFault } from "./fault.ts";
import { limitMemory, WASM_PAGE_BYTES } from "./memory-limit.ts";

/** As much of the interface as is used here: it is no part of the language's own library. */
declare const WebAssembly: {
  readonly Module: (new (bytes: Uint8Array<ArrayBuffer>) => WasmModule) & {
    imports(
      module: WasmModule,
    ): readonly { readonly module: string; readonly name: string; readonly kind: string }[];
  };
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, Import>>>>,
  ) => { readonly exports: unknown };
};

type WasmModule = object & { readonly __module?: never };
type Import = (...values: never[]) => unknown;

/** Pointer and length of what was made, then, of what failed, the place of an error and 1. */
type Made = readonly [number, number, number, number];

interface Decoder {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly __wbindgen_externrefs: { grow(by: number): number; set(at: number, value: unknown): void };
  __externref_table_alloc(): number;
  __wbindgen_malloc(bytes: number, alignment: number): number;
  __wbindgen_free(at: number, bytes: number, alignment: number): void;
  __wbindgen_start(): void;
  /** Takes the bytes and the option. A table, then the place of an error and 1. */
  readParquet(at: number, bytes: number, options: number): readonly [number, number, number];
  table_intoIPCStream(table: number): Made;
}

export class PageDecoder {
  readonly #module: WasmModule;
  readonly #mostBytes: number;
  #decoder: Decoder | null = null;

  /** @param wasm of the package. @param mostBytes of its memory */
  constructor(wasm: Uint8Array, mostBytes: number) {
    const pages = Math.floor(mostBytes / WASM_PAGE_BYTES);
    this.#module = new WebAssembly.Module(limitMemory(wasm, pages));
    this.#mostBytes = mostBytes;
  }

  /** That the present instance has. */
  get memoryBytes(): number {
    return this.#decoder?.memory.buffer.byteLength ?? 0;
  }

  /**
   * All rows of a whole file as an Arrow IPC stream, in batches of so many rows.
   * @throws COLUMN_PARQUET, POOL_MEMORY
   */
  decode(file: Uint8Array, batchRows: number): Uint8Array {
    const decoder = (this.#decoder ??= start(this.#module));
    try {
      return decodeFile(decoder, file, batchRows);
    } catch (error) {
      // It may have been left in the middle of anything.
      this.#decoder = null;
      if (error instanceof SealroomError) throw error;
      const bytes = decoder.memory.buffer.byteLength;
      // What an error says may be made of values. Memory that is nearly full is taken for what broke it.
      if (bytes > this.#mostBytes / 2) throw new SealroomError("POOL_MEMORY", { limit: this.#mostBytes });
      throw parquetFault("pages");
    }
  }
}

function start(module: WasmModule): Decoder {
  const state: { decoder: Decoder | null } = { decoder: null };
  const imports: Record<string, Record<string, Import>> = {};
  const granted = grantedImports(() => {
    if (state.decoder === null) throw new Error("internal: not started");
    return state.decoder;
  });
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== "function") throw new Error("internal: not the module that is known");
    (imports[from] ??= {})[name] = granted.get(name.replace(HASH, "")) ?? refuse;
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  const decoder = exports as Decoder;
  state.decoder = decoder;
  decoder.__wbindgen_start();
  return decoder;
}

/** Names end with one, which only tells versions apart. */
const HASH = /_[0-9a-f]{16}$/;

function refuse(): never {
  throw new Error("internal: not granted to the decoder");
}

/** By name without its hash. */
function grantedImports(decoder: () => Decoder): ReadonlyMap<string, Import> {
  return new Map<string, Import>([
    [
      "__wbindgen_init_externref_table",
      () => {
        const table = decoder().__wbindgen_externrefs;
        const first = table.grow(4);
        table.set(0, undefined);
        for (const [i, value] of [undefined, null, true, false].entries()) table.set(first + i, value);
      },
    ],
    // The name of an option.
    [
      "__wbindgen_generic",
      (at: number, bytes: number) =>
        new TextDecoder().decode(new Uint8Array(decoder().memory.buffer, at, bytes)),
    ],
    ["__wbg_get_with_ref_key", (from: Readonly<Record<string, unknown>>, name: string) => from[name]],
    ["__wbg___wbindgen_in", (name: string, from: object) => name in from],
    ["__wbg___wbindgen_is_object", (value: unknown) => typeof value === "object" && value !== null],
    ["__wbg___wbindgen_is_undefined", (value: unknown) => value === undefined],
    ["__wbg___wbindgen_is_bigint", (value: unknown) => typeof value === "bigint"],
    ["__wbg___wbindgen_jsval_loose_eq", (value: unknown, other: unknown) => value === other],
    ["__wbg_isSafeInteger", (value: unknown) => Number.isSafeInteger(value)],
    ["__wbg_Number", (value: unknown) => Number(value)],
    // What it says of an error is not asked for.
    ["__wbg_Error", () => null],
  ]);
}

function decodeFile(decoder: Decoder, file: Uint8Array, batchSize: number): Uint8Array {
  const at = decoder.__wbindgen_malloc(file.length, 1) >>> 0;
  new Uint8Array(decoder.memory.buffer, at, file.length).set(file);
  const options = decoder.__externref_table_alloc();
  decoder.__wbindgen_externrefs.set(options, { batchSize });
  const [table, , hasFailed] = decoder.readParquet(at, file.length, options);
  if (hasFailed !== 0) throw parquetFault("pages");
  const [start, bytes, , cannotWrite] = decoder.table_intoIPCStream(table);
  if (cannotWrite !== 0) throw parquetFault("pages");
  const stream = new Uint8Array(decoder.memory.buffer, start >>> 0, bytes >>> 0).slice();
  decoder.__wbindgen_free(start, bytes, 1);
  return stream;
}
