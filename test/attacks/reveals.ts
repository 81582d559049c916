// Attacks on what is behind tokens: revealed without a grant, beyond its cap, to others, by forged tokens or by those of
// another audience.
import assert from "node:assert/strict";
import type { TokenFacts } from "../../core/manifest/tokenization.ts";
import { parsePlan } from "../../core/plan/parse.ts";
import { sha384Hex } from "../../core/text/digest.ts";
import type { Replacement } from "../host/tree.ts";
import { attempt } from "./attack.ts";
import type { Attack, Verdict } from "./attack.ts";
import { AUDIENCE, copyOf, PERSON, planOf, revealedOf } from "./copying.ts";
import type { Cells, Ruled } from "./copying.ts";

const AUTHORITY = "core/manifest/authority.ts";
const PEOPLE = ["person-1", "person-2", "person-3", "person-4"];
const SIV: TokenFacts = { operator: "siv", ...PERSON, parameters: {}, audience: AUDIENCE, unit: null };
const REVEAL = planOf({ kind: "reveal", columns: ["person"], match: null });

/** The owner's copy: a column of tokens, as it is sealed and signed. */
function tokensOf(people: readonly string[]): readonly string[] {
  const { person = [] } = copyOf({
    rows: { person: people },
    columns: { person: { operator: "siv", ...PERSON } },
  });
  return person.map((token) => token ?? "");
}

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

export const REVEAL_ATTACKS: readonly Attack[] = [
  joinedAudiences,
  forgedToken,
  revealAdhoc,
  revealListed,
  revealMore,
  revealOpenly,
];
