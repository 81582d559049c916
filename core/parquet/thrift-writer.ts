// The little of Thrift's compact protocol that a footer of one column chunk takes.

const [TRUE, FALSE, BYTE, I32, I64, BINARY, LIST, STRUCT] = [1, 2, 3, 5, 6, 8, 9, 12];

/** A field's type and what follows its header. */
export interface ThriftField {
  readonly type: number;
  readonly bytes: readonly number[];
}

export function byteField(value: number): ThriftField {
  return { type: BYTE, bytes: [value] };
}

export function flagField(value: boolean): ThriftField {
  return { type: value ? TRUE : FALSE, bytes: [] };
}

export function i32Field(value: number): ThriftField {
  return { type: I32, bytes: zigzag(value) };
}

/** Within 2^52. */
export function i64Field(value: number): ThriftField {
  return { type: I64, bytes: zigzag(value) };
}

export function textField(text: string): ThriftField {
  const bytes = new TextEncoder().encode(text);
  return { type: BINARY, bytes: [...varint(bytes.length), ...bytes] };
}

/** Of fields of one type; at least one, and fewer than 15. */
export function listField(elements: readonly ThriftField[]): ThriftField {
  const type = elements[0]?.type ?? STRUCT;
  return { type: LIST, bytes: [(elements.length << 4) | type, ...elements.flatMap(({ bytes }) => bytes)] };
}

/** Fields by their ids, ascending; those that are left out are null. */
export function structField(
  fields: readonly (readonly [id: number, field: ThriftField | null])[],
): ThriftField {
  const bytes: number[] = [];
  let last = 0;
  for (const [id, field] of fields) {
    if (field === null) continue;
    bytes.push(((id - last) << 4) | field.type, ...field.bytes);
    last = id;
  }
  return { type: STRUCT, bytes: [...bytes, 0] };
}

function zigzag(value: number): readonly number[] {
  return varint(value < 0 ? -2 * value - 1 : 2 * value);
}

function varint(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}
