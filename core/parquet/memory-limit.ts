// A WebAssembly module whose memory cannot grow past a limit: its memory section rewritten before it is compiled, since
// the interface has no way to say so of a memory that a module makes itself (core specification 2.0, §5.5.8).

const HEADER_BYTES = 8;
const MEMORY_SECTION = 5;
export const WASM_PAGE_BYTES: number = 65_536;

/** @param wasm one memory, without a limit of its own, in the module */
export function limitMemory(wasm: Uint8Array, mostPages: number): Uint8Array<ArrayBuffer> {
  for (let at = HEADER_BYTES; at < wasm.length;) {
    const size = readU32(wasm, at + 1);
    const end = size.at + size.value;
    if (wasm[at] !== MEMORY_SECTION) {
      at = end;
      continue;
    }
    const [count, flags] = wasm.subarray(size.at, size.at + 2);
    const least = readU32(wasm, size.at + 2);
    if (count !== 1 || flags !== 0 || least.at !== end) break;
    const limits = [1, 1, ...encodeU32(least.value), ...encodeU32(Math.max(least.value, mostPages))];
    const section = [MEMORY_SECTION, ...encodeU32(limits.length), ...limits];
    const limited = new Uint8Array(at + section.length + wasm.length - end);
    limited.set(wasm.subarray(0, at));
    limited.set(section, at);
    limited.set(wasm.subarray(end), at + section.length);
    return limited;
  }
  throw new Error("internal: not the module whose memory can be limited");
}

function readU32(bytes: Uint8Array, start: number): { readonly value: number; readonly at: number } {
  let value = 0;
  for (let at = start, weight = 1; ; at += 1, weight *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * weight;
    if (byte < 0x80) return { value, at: at + 1 };
  }
}

function encodeU32(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...encodeU32(value >>> 7)];
}
