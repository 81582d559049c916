// Wildcards as IAM reads them: `*` for any run of characters, `?` for any one. Nothing else is special.

/** Whether all of `text` fits the pattern. Linear in memory; a pattern and a text of n and m take at most n x m steps. */
export function matchesPattern(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    // A star first: the text may have a star of its own at this place.
    if (pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/** ARNs are compared part by part, so that no wildcard reaches across a colon of the first five. */
export function matchesArn(pattern: string, arn: string): boolean {
  const patternParts = splitArn(pattern);
  const parts = splitArn(arn);
  return (
    patternParts !== null &&
    parts !== null &&
    patternParts.every((part, index) => matchesPattern(part, parts[index] ?? ""))
  );
}

/** arn, partition, service, region, account, resource; null for what is no ARN. */
export function splitArn(arn: string): readonly string[] | null {
  const match = /^(arn):([^:]+):([^:]+):([^:]*):([^:]*):(.+)$/s.exec(arn);
  return match === null ? null : match.slice(1);
}
