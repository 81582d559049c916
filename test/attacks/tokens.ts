// Attacks by an owner's rules that do not protect what they seem to: columns that go on as they are, units that are none,
// values so few that their tokens can be tried.
import assert from "node:assert/strict";
import { parsePlan } from "../../core/plan/parse.ts";
import { compileProgram } from "../../jobs/registry.ts";
import { attempt } from "./attack.ts";
import type { Attack } from "./attack.ts";
import { COPY_PLAN, copyOf, manifestOf, PERSON } from "./copying.ts";

const COMPILE = "jobs/tokenize/compile.ts";
const PEOPLE = ["person-1", "person-2", "person-3", "person-4"];
const SIV_RULE = { operator: "siv", ...PERSON } as const;

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
      const program = compileProgram(parsePlan(COPY_PLAN), [manifest]);
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

const noMap: Attack = {
  name: "a job whose rules name no map assigns random tokens anew, and the ones before join nothing any more",
  case: "A30",
  scene: "code",
  expects: "TOKEN_VAULT",
  guard: [
    {
      file: COMPILE,
      find: `if (entry === undefined) {
      throw new PolicyError("TOKEN_VAULT", { column, domain, audience, fault: "not named" });
    }
    if (entry.map === null) return null;`,
      replace: "if (entry === undefined || entry.map === null) return null;",
    },
  ],
  run() {
    return attempt(() => {
      const columns = { person: { operator: "random", ...PERSON } };
      const program = compileProgram(parsePlan(COPY_PLAN), [
        manifestOf({ rows: { person: PEOPLE }, columns }),
      ]);
      assert.ok(program.kind === "tokenize");
      assert.deepEqual(
        program.vaults.map(({ from }) => from),
        [null],
      );
    });
  },
};

export const TOKEN_ATTACKS: readonly Attack[] = [keptCode, forgottenColumn, otherUnit, fewValues, noMap];
