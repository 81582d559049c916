// ECDSA's second valid signature of the same bytes: (r, n - s).

const ORDER = BigInt(
  "0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
);

export function malleate(document: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(document);
  const s = BigInt(`0x${Buffer.from(changed.subarray(-48)).toString("hex")}`);
  changed.set(Buffer.from((ORDER - s).toString(16).padStart(96, "0"), "hex"), changed.length - 48);
  return changed;
}

export { ORDER as P384_ORDER };
