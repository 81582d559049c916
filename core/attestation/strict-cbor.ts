// CBOR (RFC 8949) as the NSM speaks it, and no more: integers of at most 53 bits, strings, arrays, maps, true,
// false and null. A walk without recursion refuses the rest, depth and length bombs included, before cborg,
// which recurses and trusts lengths, builds any value. The bytes are hostile.
import { decode } from "cborg";
import { SealroomError, type ErrorCode } from "../errors.ts";

// An NSM response nests three deep: variant, fields, list. A document's payload nests two deep.
const MAX_DEPTH = 4;

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const SIMPLE = 7;
const BREAK = 0xff;

interface Head {
  readonly major: number;
  readonly info: number;
  /** The integer, or the length of what follows. Nothing for an indefinite length. */
  readonly value: number | undefined;
  readonly end: number;
}

interface Container {
  readonly isMap: boolean;
  /** Items that it holds, twice the pairs of a map; nothing where a break ends it. */
  readonly size: number | undefined;
  seen: number;
}

/**
 * Decodes exactly one item; maps become Map. Refuses trailing bytes, duplicate keys, keys that are neither text
 * nor unsigned integers, encodings longer than the shortest, tags, floats, large integers, malformed UTF-8,
 * indefinite strings and arrays. Indefinite maps pass: since 2025 the NSM writes its payload so.
 * @throws SealroomError with the code `fault`
 */
export function decodeStrictCbor(bytes: Uint8Array, fault: ErrorCode): unknown {
  const offset = findFault(bytes);
  if (offset !== null) throw new SealroomError(fault, { offset });
  try {
    return decode(bytes, { useMaps: true, rejectDuplicateMapKeys: true, strict: true });
  } catch (cause) {
    throw new SealroomError(fault, {}, { cause });
  }
}

/** The offset of the first item that the subset does not allow, or null. */
function findFault(bytes: Uint8Array): number | null {
  const open: Container[] = [];
  let at = 0;
  do {
    const start = at;
    const within = open.at(-1);
    if (bytes[at] === BREAK) {
      if (within === undefined || within.size !== undefined || within.seen % 2 !== 0) return start;
      open.pop();
      at += 1;
    } else {
      const head = readHead(bytes, at);
      if (head === null) return start;
      if (within?.isMap === true && within.seen % 2 === 0 && head.major !== UNSIGNED && head.major !== TEXT) {
        return start;
      }
      if (within !== undefined) within.seen += 1;
      const end = endOfItem(bytes, head);
      if (end === null) return start;
      at = end;
      if (head.major === ARRAY || head.major === MAP) {
        if (open.length === MAX_DEPTH) return start;
        open.push(openContainer(head));
      }
    }
    while (open.length > 0 && open.at(-1)?.seen === open.at(-1)?.size) open.pop();
  } while (open.length > 0);
  return at === bytes.length ? null : at;
}

function openContainer(head: Head): Container {
  const isMap = head.major === MAP;
  const size = head.value === undefined ? undefined : isMap ? head.value * 2 : head.value;
  return { isMap, size, seen: 0 };
}

/** Where the item's own bytes end (for a container: its head), or null if it is not allowed or not all there. */
function endOfItem(bytes: Uint8Array, head: Head): number | null {
  const { major, info, value, end } = head;
  switch (major) {
    case UNSIGNED:
    case NEGATIVE:
      return value === undefined ? null : end;
    case BYTES:
    case TEXT: {
      if (value === undefined || value > bytes.length - end) return null;
      return major === BYTES || isUtf8(bytes.subarray(end, end + value)) ? end + value : null;
    }
    case ARRAY:
      // Each item takes a byte at least, so a count past the end is refused before anything is allocated.
      return value === undefined || value > bytes.length - end ? null : end;
    case MAP:
      return value !== undefined && value > (bytes.length - end) / 2 ? null : end;
    case SIMPLE:
      return info === 20 || info === 21 || info === 22 ? end : null;
    default:
      return null;
  }
}

/** RFC 8949 §4.2.1: preferred serialization. A head longer than it need be is refused. */
function readHead(bytes: Uint8Array, at: number): Head | null {
  const first = bytes[at];
  if (first === undefined) return null;
  const major = first >> 5;
  const info = first & 31;
  if (info < 24) return { major, info, value: info, end: at + 1 };
  if (info === 31) return { major, info, value: undefined, end: at + 1 };
  if (info > 27) return null;
  const size = 1 << (info - 24);
  if (size > bytes.length - at - 1) return null;
  let value = 0;
  for (let i = 1; i <= size; i++) value = value * 256 + (bytes[at + i] ?? 0);
  const least = size === 1 ? 24 : 2 ** (4 * size);
  if (value < least || !Number.isSafeInteger(value)) return null;
  return { major, info, value, end: at + 1 + size };
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
