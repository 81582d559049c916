// email: an address whose local part is a token of the whole address, and whose domain stays, is a token, or is another
// for all. So one name at two providers has two tokens, and a token moved to another domain does not open.
import type { Field } from "../../../core/text/field.ts";
import type { TokenMaster } from "../../../core/token/keys.ts";
import { BASE32 } from "../byte-text.ts";
import { CmacColumn } from "../cmac-column.ts";
import { canonicalAddress, domainOf, isDomain, LOCAL_CASES, localOf } from "../email-address.ts";
import type { LocalCase } from "../email-address.ts";
import { demandMaster, KEYED, REVERSIBLE } from "../operator.ts";
import type { Operator, TextKernel } from "../operator.ts";
import { SivColumn } from "../siv-column.ts";
import { eachText, FATE, textAt } from "../text-column.ts";
import type { TextColumn } from "../text-column.ts";

const LOCALS = ["siv", "cmac"] as const;
const DOMAINS = ["keep", "token", "replace"] as const;
/** A name that never resolves (RFC 2606 §2). */
const NOWHERE = "example.invalid";

export interface EmailParameters {
  readonly local: (typeof LOCALS)[number];
  readonly domain: (typeof DOMAINS)[number];
  /** For `replace`. */
  readonly replacement: string;
  readonly localCase: LocalCase;
}

export const EMAIL: Operator<EmailParameters, TextKernel> = {
  name: "email",
  takes: "text",
  gives: "text",
  parse: parseEmail,
  traits: ({ local }) => (local === "siv" ? REVERSIBLE : KEYED),
  make(parameters, master) {
    const key = demandMaster(master);
    const use = { operator: "email", parameters: { canonical: "email", ...parameters } };
    const domains = makeDomains(parameters, key, use);
    const spell = (texts: TextColumn, fates: Uint8Array): TextColumn =>
      eachText(texts, fates, (text) => {
        if (text.trim() === "") return FATE.empty;
        return canonicalAddress(text, parameters.localCase) ?? FATE.form;
      });
    if (parameters.local === "cmac") {
      const hash = new CmacColumn(key, { ...use, part: "address" });
      return {
        takes: "text",
        gives: "text",
        tokenize(texts, fates) {
          const addresses = spell(texts, fates);
          return joined(hash.tokens(addresses, fates, BASE32), domains(addresses, fates), fates);
        },
      };
    }
    const siv = new SivColumn(key, { ...use, part: "address" }, BASE32);
    return {
      takes: "text",
      gives: "text",
      tokenize(texts, fates) {
        const addresses = spell(texts, fates);
        return joined(siv.seal(addresses, fates), domains(addresses, fates), fates);
      },
      /** Fate: `forged` also for a token at another's domain. */
      reveal(tokens, fates) {
        const given = eachText(tokens, fates, domainOf);
        const addresses = siv.open(eachText(tokens, fates, localOf), fates);
        const expected = domains(addresses, fates);
        return eachText(addresses, fates, (address, row) =>
          rowText(expected, row) === rowText(given, row) ? address : FATE.forged,
        );
      },
    };
  },
};

/** What stands behind the @ of each address. */
function makeDomains(
  { domain, replacement }: EmailParameters,
  master: TokenMaster,
  use: { readonly operator: string; readonly parameters: Readonly<Record<string, string>> },
): (addresses: TextColumn, fates: Uint8Array) => TextColumn {
  if (domain === "replace") return (addresses, fates) => eachText(addresses, fates, () => replacement);
  if (domain === "keep") return (addresses, fates) => eachText(addresses, fates, domainOf);
  const hash = new CmacColumn(master, { ...use, part: "domain" });
  return (addresses, fates) => {
    const tokens = hash.tokens(eachText(addresses, fates, domainOf), fates, BASE32);
    return eachText(tokens, fates, (token) => `${token}.invalid`);
  };
}

function joined(locals: TextColumn, domains: TextColumn, fates: Uint8Array): TextColumn {
  return eachText(locals, fates, (local, row) => `${local}@${rowText(domains, row)}`);
}

function rowText({ offsets, bytes }: TextColumn, row: number): string {
  return textAt(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0);
}

function parseEmail(parameters: Field): EmailParameters {
  const fields = parameters.record(["local", "domain"], ["replacement", "localCase"]);
  const domain = fields.domain.oneOf(DOMAINS);
  const { replacement } = fields;
  if (replacement !== undefined) {
    if (domain !== "replace") throw replacement.fault("only where the domain is replaced");
    if (!isDomain(replacement.text())) throw replacement.fault("not a domain");
  }
  return {
    local: fields.local.oneOf(LOCALS),
    domain,
    replacement: replacement?.text() ?? NOWHERE,
    localCase: fields.localCase?.oneOf(LOCAL_CASES) ?? "fold",
  };
}
