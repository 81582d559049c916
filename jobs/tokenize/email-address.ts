// E-mail addresses as far as tokens need them: one local part, one domain. No quoted local parts, no address literals.

const ADDRESS = /^([^\s@\p{Cc}]+)@([\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)*)$/u;
/** RFC 5321 §4.5.3.1, in octets there and UTF-16 units here. */
const MAX_LOCAL = 64;
const MAX_DOMAIN = 255;

export const LOCAL_CASES = ["fold", "keep"] as const;
export type LocalCase = (typeof LOCAL_CASES)[number];

/** Trimmed, in NFC, the domain in lower case, and the local part too where `fold` says so. */
export function canonicalAddress(text: string, local: LocalCase): string | undefined {
  const [, name, domain] = ADDRESS.exec(text.trim().normalize("NFC")) ?? [];
  if (name === undefined || domain === undefined) return undefined;
  if (name.length > MAX_LOCAL || domain.length > MAX_DOMAIN) return undefined;
  return `${local === "fold" ? folded(name) : name}@${folded(domain)}`;
}

/** Behind the last @. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

export function localOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf("@")));
}

export function isDomain(text: string): boolean {
  return text.length <= MAX_DOMAIN && ADDRESS.test(`a@${text}`);
}

function folded(text: string): string {
  return text.toUpperCase().toLowerCase().normalize("NFC");
}
