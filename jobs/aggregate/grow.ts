// Typed arrays that grow by doubling, keeping what they hold; and one made of another, since Float64Array.from takes ten
// times as long.

export function growInt32(array: Int32Array, length: number): Int32Array {
  if (length <= array.length) return array;
  const grown = new Int32Array(Math.max(length, array.length * 2));
  grown.set(array);
  return grown;
}

export function growFloat64(array: Float64Array, length: number): Float64Array {
  if (length <= array.length) return array;
  const grown = new Float64Array(Math.max(length, array.length * 2));
  grown.set(array);
  return grown;
}

export function mapFloat64(of: Int32Array, value: (item: number) => number): Float64Array {
  const made = new Float64Array(of.length);
  for (let at = 0; at < made.length; at += 1) made[at] = value(of[at] ?? 0);
  return made;
}
