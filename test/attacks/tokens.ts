// Attacks on what an owner's rules make of columns, and on what tokens must not tell: by rules that do not protect, by
// tokens of others, by values so few that their tokens can be tried.
import assert from "node:assert/strict";
import { sha384Hex } from "../../core/text/digest.ts";
import type { TokenFacts } from "../../core/manifest/tokenization.ts";
import { parsePlan } from "../../core/plan/parse.ts";
import { compileProgram } from "../../jobs/registry.ts";
import type { Replacement } from "../host/tree.ts";
import { attempt } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";
import { AUDIENCE, COPY_PLAN, copyOf, manifestOf, PERSON, planOf, revealedOf } from "./copying.ts";
import type { Cells, Ruled } from "./copying.ts";

const COMPILE = "jobs/tokenize/compile.ts";
const AUTHORITY = "core/manifest/authority.ts";
const PEOPLE = ["person-1", "person-2", "person-3", "person-4"];
const SIV: TokenFacts = { operator: "siv", ...PERSON, parameters: {}, audience: AUDIENCE, unit: null };
const SIV_RULE = { operator: "siv", ...PERSON } as const;
const REVEAL = planOf({ kind: "reveal", columns: ["person"], match: null });

/** The owner's copy: a column of tokens, as it is sealed and signed. */
function tokensOf(people: readonly string[]): readonly string[] {
  const { person = [] } = copyOf({ rows: { person: people }, columns: { person: SIV_RULE } });
  return person.map((token) => token ?? "");
}

const keptCode: Attack = {
  name: "an owner's rules give the verification codes of cards an operator, so that they go on in the copy",
  case: "A31",
  scene: "code",
  expects: "TOKEN_DROP_ONLY",
  guard: [{ file: COMPILE, find: "    checkDropOnly(name, rule);\n", replace: "" }],
  run() {
    return attempt(() => {
      const { cvv } = copyOf({
        rows: { person: PEOPLE, cvv: ["123", "123", "999", "000"] },
        columns: { cvv: SIV_RULE },
      });
      assert.equal(cvv?.[0], cvv?.[1]);
    });
  },
};

const forgottenColumn: Attack = {
  name: "an owner's rules say nothing of a column, which goes on in the copy as it is",
  case: "A36",
  scene: "code",
  expects: "MANIFEST_RULES",
  guard: [
    {
      file: "core/manifest/tokenization.ts",
      find: 'if (missing !== undefined) throw field.fault("a column has no rule", { column: missing }, "MANIFEST_RULES");',
      replace: "void missing;",
    },
    {
      file: COMPILE,
      find: 'if (rule === undefined) throw new Error("internal: a column without a rule");',
      replace:
        'if (rule === undefined) return { name, type: typeOf(entry), given: typeOf(entry), column: this.#read(name), unit: null, tokens: null, opened: null, invalid: "error" };',
    },
  ],
  run() {
    return attempt(() => {
      const ruled = {
        rows: { person: PEOPLE, note: PEOPLE },
        columns: { person: SIV_RULE },
        unruled: ["note"],
      };
      assert.deepEqual(copyOf(ruled)["note"], PEOPLE);
    });
  },
};

const otherUnit: Attack = {
  name: "an owner's rules make visits the units of a copy, so that one person of many visits counts as many people",
  case: "A06",
  scene: "code",
  expects: "TOKEN_RULE",
  guard: [
    {
      file: COMPILE,
      find: 'if ((role === "unit") !== (was === "unit")) throw ruleFault(name, "a copy has the unit of its input");',
      replace: "void was;",
    },
  ],
  run() {
    return attempt(() => {
      const manifest = manifestOf({
        rows: { person: ["p", "p"], visit: ["v1", "v2"] },
        columns: { person: { ...SIV_RULE, role: "hidden" }, visit: { ...SIV_RULE, role: "unit" } },
        unit: "scattered",
        schema: [
          { name: "person", type: "utf8", role: "unit" },
          { name: "visit", type: "utf8", role: "hidden" },
        ],
      });
      const program = compileProgram(parsePlan(COPY_PLAN), manifest);
      assert.ok(program.kind === "tokenize");
      const units = program.output.schema.filter(({ role }) => role === "unit");
      assert.deepEqual(
        units.map(({ name }) => name),
        ["visit"],
      );
    });
  },
};

const fewValues: Attack = {
  name: "the analyst tries the ten thousand values that a column of four digits can have, to read its tokens",
  case: "A31",
  scene: "code",
  expects: "TOKEN_INVALID",
  guard: [
    {
      file: "core/token/ff1.ts",
      find: "export const MIN_DOMAIN = 1_000_000;",
      replace: "export const MIN_DOMAIN = 100;",
    },
  ],
  run() {
    return attempt(() => {
      const ff1 = { operator: "ff1", ...PERSON, parameters: { alphabet: "0123456789" } };
      const ward = ["0017", "4711", "4711"];
      const { ward: tokens = [] } = copyOf({ rows: { ward }, columns: { ward: ff1 } });
      assert.ok(tokens.every((token) => /^\d{4}$/.test(token ?? "")));
      assert.equal(tokens[1], tokens[2]);
    });
  },
};

const joinedAudiences: Attack = {
  name: "analysts of two audiences join their copies by the tokens of one domain",
  case: "A30",
  scene: "code",
  expects: "withheld",
  guard: [{ file: "core/token/keys.ts", find: "    encodeUtf8(master.audience),\n", replace: "" }],
  async run() {
    // One is revealed for the other's audience, which takes what it was made for: the join of a single row.
    const moved = { ...SIV, audience: "billing" };
    const told = await revealedOf(
      { rows: { person: tokensOf(PEOPLE) }, tokens: { person: moved } },
      REVEAL,
      4,
    );
    return whatIsTold(told, PEOPLE);
  },
};

const forgedToken: Attack = {
  name: "the analyst turns the token of one person into that of the next by a bit, and has it revealed",
  case: "H36",
  scene: "code",
  expects: "withheld",
  guard: [{ file: "core/token/siv-rows.ts", find: "if (difference === 0) continue;", replace: "continue;" }],
  async run() {
    const [token = ""] = tokensOf(["person-1"]);
    const bytes = Buffer.from(token, "base64url");
    // The last character, of 1 and 2, differs in its two low bits.
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 3;
    const person = [bytes.toString("base64url")];
    return whatIsTold(await revealedOf({ rows: { person }, tokens: { person: SIV } }, REVEAL, 1), [
      "person-2",
    ]);
  },
};

/** Withheld where each row says that it was forged. */
function whatIsTold({ person = [], ...rest }: Cells, wanted: readonly string[]): Verdict {
  if (person.every((cell) => cell === null)) {
    const reasons = Object.values(rest).flat();
    assert.ok(
      reasons.every((reason) => reason === "person: forged"),
      reasons.join(),
    );
    return { outcome: "withheld" };
  }
  assert.deepEqual(person, wanted);
  return { outcome: "succeeded" };
}

const noMap: Attack = {
  name: "a job whose rules name no map assigns random tokens anew, and the ones before join nothing any more",
  case: "A30",
  scene: "code",
  expects: "TOKEN_VAULT",
  guard: [
    {
      file: COMPILE,
      find: `if (entry === undefined)
      throw new PolicyError("TOKEN_VAULT", { column, domain, audience, fault: "not named" });
    if (entry.map === null) return null;`,
      replace: "if (entry === undefined || entry.map === null) return null;",
    },
  ],
  run() {
    return attempt(() => {
      const columns = { person: { operator: "random", ...PERSON } };
      const program = compileProgram(parsePlan(COPY_PLAN), manifestOf({ rows: { person: PEOPLE }, columns }));
      assert.ok(program.kind === "tokenize");
      assert.deepEqual(
        program.vaults.map(({ from }) => from),
        [null],
      );
    });
  },
};

/** Behind the rule that a grant alone reveals, no program is made without a cap. */
const NO_CAP: Replacement = {
  file: "jobs/reveal/compile.ts",
  find: 'if (maxRows === null) throw new PolicyError("RULES_REVEAL", { dataset });',
  replace: "maxRows ??= 1000;",
};
const NO_GRANT: Replacement = {
  file: AUTHORITY,
  find: 'if (plan.kind === "reveal" && grant === undefined) throw',
  replace: "if (plan.inputs.length === 0) throw",
};

async function revealPeople(
  ruled: Partial<Ruled>,
  plan: Uint8Array,
  maxRows: number | null,
): Promise<Verdict> {
  const rows = { person: tokensOf(PEOPLE) };
  return attempt(async () => {
    const told = await revealedOf({ rows, tokens: { person: SIV }, ...ruled }, plan, maxRows);
    assert.deepEqual(told["person"], PEOPLE);
  });
}

const revealAdhoc: Attack = {
  name: "the analyst has tokens revealed where the owner's rules let him ask what he likes",
  case: "A35",
  scene: "code",
  expects: "RULES_REVEAL",
  guard: [NO_GRANT, NO_CAP],
  run() {
    return revealPeople({}, REVEAL, null);
  },
};

const revealListed: Attack = {
  name: "the analyst has tokens revealed by a plan that the rules list, without cap or end",
  case: "A35",
  scene: "code",
  expects: "RULES_REVEAL",
  guard: [
    NO_GRANT,
    NO_CAP,
    {
      file: AUTHORITY,
      find: 'if (rules.plans.includes(planDigest) && plan.kind !== "reveal")',
      replace: "if (rules.plans.includes(planDigest))",
    },
  ],
  async run() {
    return revealPeople({ plans: [await sha384Hex(REVEAL)] }, REVEAL, null);
  },
};

const revealMore: Attack = {
  name: "the analyst names tokens of more rows than the owner's grant lets him have revealed",
  case: "A35",
  scene: "code",
  expects: "REVEAL_ROWS",
  guard: [
    { file: "jobs/reveal/gathered.ts", find: "this.#rows <= this.#maxRows &&", replace: "" },
    {
      file: "jobs/reveal/gathered.ts",
      find: "if (this.#rows > this.#maxRows) throw",
      replace: "if (this.#rows < 0) throw",
    },
  ],
  run() {
    const plan = planOf({
      kind: "reveal",
      columns: ["person"],
      match: { column: "person", tokens: tokensOf(PEOPLE).toSorted() },
    });
    return revealPeople({}, plan, 3);
  },
};

const revealOpenly: Attack = {
  name: "where the rules let results leave in the clear, the host asks for what is behind tokens in the clear",
  case: "A36",
  scene: "code",
  expects: "PLAN_FIELD",
  guard: [
    {
      file: "core/plan/parse.ts",
      find: '    release: fields.release.oneOf(["sealed"]),\n',
      replace: "",
    },
  ],
  run() {
    return attempt(() => {
      const plan = planOf({ kind: "reveal", columns: ["person"], match: null, release: "clear" });
      assert.equal(parsePlan(plan).release, "clear");
    });
  },
};

export const TOKEN_ATTACKS: readonly Attack[] = [
  keptCode,
  forgottenColumn,
  otherUnit,
  fewValues,
  joinedAudiences,
  forgedToken,
  noMap,
  revealAdhoc,
  revealListed,
  revealMore,
  revealOpenly,
];
