// Texts of which finders could read bytes again and again, and bytes that count how often they are read.

export const SEEDS: Readonly<Record<string, string>> = {
  "digits in one row": "1",
  "digits in fours": "4111 ",
  "digits in fours with dashes": "4111-",
  "groups of three": "212-",
  "card numbers that overlap": "4111-1111-1111-",
  "one @ after the other": "a@",
  "local parts and no domain": "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b@",
  dots: "a.",
  "a domain without end": "a.bc",
  "letters of other scripts": "字",
  "letters of other scripts and @": "字@字.",
  colons: ":",
  "hexadecimal groups": "a:",
  gaps: "a::",
  octets: "1.",
  "web addresses in one another": "http://a/",
  "web addresses that end in signs": "www.a?",
  "a web address in brackets that never end": "http://[",
  "a scheme and www": "https://www.",
  "web addresses begun": "http:",
  "pairs of hexadecimal digits": "ab:",
  "fours of hexadecimal digits": "abcd.",
  "dates in a row": "1/2/2020/",
  "IBAN heads": "DE89 ",
  "tracks begun": "%B4111111111111111^AB^2512",
  sentinels: ";4111111111111111=",
  parentheses: "(212) ",
  "plus signs": "+4",
  spaces: " ",
  letters: "x",
};

/** Bytes that count how often one is read; a part that is taken out counts as read once. */
export function counted(
  text: string,
  bytes: number,
): { readonly view: Uint8Array; readonly length: number; readonly reads: () => number } {
  const unit = new TextEncoder().encode(text);
  const filled = Uint8Array.from(
    { length: Math.floor(bytes / unit.length) * unit.length },
    (_, at) => unit[at % unit.length] ?? 0,
  );
  let reads = 0;
  const view = new Proxy(filled, {
    get(target, key) {
      if (key === "subarray") {
        return (start: number, end: number) => {
          reads += end - start;
          return target.subarray(start, end);
        };
      }
      reads++;
      return Reflect.get(target, key) as unknown;
    },
  });
  return { view, length: filled.length, reads: () => reads };
}
