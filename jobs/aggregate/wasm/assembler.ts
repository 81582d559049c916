// A small assembler for WebAssembly (core specification 2.0, §5): functions over one memory, with numbers for
// parameters and locals. Expressions are lists of bytes that leave one value on the stack, statements leave none.

export type Code = readonly number[];

/** §5.3.1 */
export const TYPES = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = keyof typeof TYPES;

/** §5.4.6 and §5.4.8: opcodes of binary and unary operations. */
const OPERATIONS = {
  "i32.eq": 0x46,
  "i32.ne": 0x47,
  "i32.lt_s": 0x48,
  "i32.lt_u": 0x49,
  "i32.ge_s": 0x4e,
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.and": 0x71,
  "i32.or": 0x72,
  "i32.xor": 0x73,
  "i32.shl": 0x74,
  "i32.shr_u": 0x76,
  "i64.eq": 0x51,
  "i64.ne": 0x52,
  "i64.lt_s": 0x53,
  "i64.gt_s": 0x55,
  "i64.gt_u": 0x56,
  "i64.add": 0x7c,
  "i64.sub": 0x7d,
  "i64.and": 0x83,
  "i64.xor": 0x85,
  "i64.shl": 0x86,
  "i64.shr_s": 0x87,
  "i64.extend_i32_u": 0xad,
  "i64.trunc_f64_s": 0xb0,
  "f64.eq": 0x61,
  "f64.lt": 0x63,
  "f64.gt": 0x64,
  "f64.abs": 0x99,
  "f64.floor": 0x9c,
  "f64.add": 0xa0,
  "f64.sub": 0xa1,
  "f64.mul": 0xa2,
  "f64.min": 0xa4,
  "f64.max": 0xa5,
  "f64.div": 0xa3,
  "f64.convert_i32_s": 0xb7,
  "f64.copysign": 0xa6,
  "f64.convert_i64_s": 0xb9,
  "f64.convert_i64_u": 0xba,
  "i32x4.splat": [0xfd, 0x11],
  "f64x2.splat": [0xfd, 0x14],
  "i32x4.gt_s": [0xfd, 0x3b],
  "i32x4.le_s": [0xfd, 0x3d],
  "i32x4.ge_s": [0xfd, 0x3f],
  "f64x2.eq": [0xfd, 0x47],
  "f64x2.lt": [0xfd, 0x49],
  "f64x2.gt": [0xfd, 0x4a],
  "f64x2.le": [0xfd, 0x4b],
  "f64x2.ge": [0xfd, 0x4c],
  "f64x2.abs": [0xfd, 0xec, 0x01],
  "f64x2.add": [0xfd, 0xf0, 0x01],
  "f64x2.sub": [0xfd, 0xf1, 0x01],
  "f64x2.mul": [0xfd, 0xf2, 0x01],
  "f64x2.div": [0xfd, 0xf3, 0x01],
  "f64x2.pmin": [0xfd, 0xf6, 0x01],
  "f64x2.pmax": [0xfd, 0xf7, 0x01],
  "f64x2.convert_low_i32x4_s": [0xfd, 0xfe, 0x01],
  "v128.and": [0xfd, 0x4e],
  "v128.andnot": [0xfd, 0x4f],
  "v128.or": [0xfd, 0x50],
  "v128.bitselect": [0xfd, 0x52],
  "v128.any_true": [0xfd, 0x53],
  "i16x8.narrow_i32x4_s": [0xfd, 0x85, 0x01],
  "i8x16.narrow_i16x8_s": [0xfd, 0x65],
  "i64x2.all_true": [0xfd, 0xc3, 0x01],
} as const;

/** Opcode and alignment (log2 of the bytes). */
const LOADS = {
  "i32.load": [0x28, 2],
  "i32.load8_u": [0x2d, 0],
  "i32.load16_u": [0x2f, 1],
  "i64.load": [0x29, 3],
  "i64.load32_s": [0x34, 2],
  "f64.load": [0x2b, 3],
  "v128.load": [0xfd, 0x00, 4],
  "v128.load32_splat": [0xfd, 0x09, 2],
  "v128.load64_splat": [0xfd, 0x0a, 3],
  "v128.load64_zero": [0xfd, 0x5d, 3],
} as const;
const STORES = {
  "i32.store": [0x36, 2],
  "i32.store8": [0x3a, 0],
  "i64.store": [0x37, 3],
  "f64.store": [0x39, 3],
  "v128.store": [0xfd, 0x0b, 3],
} as const;

const VOID_BLOCK = 0x40;
const END = 0x0b;

export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result: ValueType;
  /** Beside the parameters, after which they are numbered. */
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

export function operation(name: keyof typeof OPERATIONS, ...operands: readonly Code[]): Code {
  return [...operands.flat(), ...[OPERATIONS[name]].flat()];
}

export function load(name: keyof typeof LOADS, address: Code, offset: number): Code {
  return [...address, ...LOADS[name], ...unsigned(offset)];
}

/** A vector whose second float64 is loaded anew. */
export function loadSecond(address: Code, vector: Code): Code {
  return [...address, ...vector, 0xfd, 0x57, 3, 0, 1];
}

export function store(name: keyof typeof STORES, address: Code, offset: number, value: Code): Code {
  return [...address, ...value, ...STORES[name], ...unsigned(offset)];
}

/** Of two float64, the first or the second. */
export function lane(vector: Code, at: number): Code {
  return [...vector, 0xfd, 0x21, at];
}

/** Two float64 that are given one by one. */
export function pair(first: Code, second: Code): Code {
  return [...operation("f64x2.splat", first), ...second, 0xfd, 0x22, 1];
}

/** Of two vectors of 16 bytes, those at these places, counted through both. */
export function shuffle(one: Code, other: Code, bytes: readonly number[]): Code {
  return [...one, ...other, 0xfd, 0x0d, ...bytes];
}

/** Writes zeros. */
export function clear(address: Code, length: Code): Code {
  return [...address, ...i32(0), ...length, 0xfc, 0x0b, 0x00];
}

export function get(local: number): Code {
  return [0x20, ...unsigned(local)];
}

export function set(local: number, value: Code): Code {
  return [...value, 0x21, ...unsigned(local)];
}

export function i32(value: number): Code {
  return [0x41, ...signed(BigInt(value))];
}

/** Of a whole number that a float64 holds. */
export function i64(value: number): Code {
  return [0x42, ...signed(BigInt(value))];
}

export function f64(value: number): Code {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [0x44, ...bytes];
}

/** `whenTrue` or `whenFalse`, both computed, without a branch. */
export function select(condition: Code, whenTrue: Code, whenFalse: Code): Code {
  return [...whenTrue, ...whenFalse, ...condition, 0x1b];
}

export function branch(condition: Code, whenTrue: readonly Code[], whenFalse: readonly Code[] = []): Code {
  const otherwise = whenFalse.length === 0 ? [] : [0x05, ...whenFalse.flat()];
  return [...condition, 0x04, VOID_BLOCK, ...whenTrue.flat(), ...otherwise, END];
}

/** Ends the function. */
export function giveBack(value: Code): Code {
  return [...value, 0x0f];
}

/** Runs the body once, and again as long as the condition, which comes after it, holds. */
export function repeatWhile(condition: Code, body: readonly Code[]): Code {
  return [0x03, VOID_BLOCK, ...body.flat(), ...condition, 0x0d, 0x00, END];
}

/** What the module's own functions use: a memory of its own, or one that it is given, as "memory" of "arena". */
export interface ModuleMemory {
  readonly from: "own" | "import";
  readonly pages: number;
  readonly mostPages: number;
}

/** A module that exports its functions, and its memory if it has one of its own. Pages are of 64 KiB. */
export function assemble(
  { from, pages, mostPages }: ModuleMemory,
  functions: readonly WasmFunction[],
): Uint8Array<ArrayBuffer> {
  const limits = [0x01, ...unsigned(pages), ...unsigned(mostPages)];
  const types = functions.map(({ parameters, result }) => [
    0x60,
    ...vector(parameters.map((type) => [TYPES[type]])),
    ...vector([[TYPES[result]]]),
  ]);
  const exports = functions.map(({ name }, at) => [...text(name), 0x00, ...unsigned(at)]);
  if (from === "own") exports.unshift([...text("memory"), 0x02, 0x00]);
  const codes = functions.map(({ locals, body }) => {
    const declared = vector(locals.map((type) => [1, TYPES[type]]));
    return sized([...declared, ...body, END]);
  });
  const imported = [...text("arena"), ...text("memory"), 0x02, ...limits];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...(from === "import" ? section(2, vector([imported])) : []),
    ...section(3, vector(functions.map((_, at) => unsigned(at)))),
    ...(from === "own" ? section(5, vector([limits])) : []),
    ...section(7, vector(exports)),
    ...section(10, vector(codes)),
  ]);
}

function section(id: number, content: Code): Code {
  return [id, ...sized(content)];
}

function sized(content: Code): Code {
  return [...unsigned(content.length), ...content];
}

function vector(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): Code {
  return sized([...new TextEncoder().encode(value)]);
}

/** LEB128 (§5.2.2). */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: bigint): Code {
  const digits = Number(value & 0x7fn);
  const isLast = value >= -0x40n && value < 0x40n;
  return isLast ? [digits] : [digits | 0x80, ...signed(value >> 7n)];
}
