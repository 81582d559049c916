// Small edits of the printed policy: what somebody who writes key policies by hand gets wrong, one thing at a time.
import assert from "node:assert/strict";

export type Json = Record<string, unknown>;
export interface Policy {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: readonly Json[];
}
export type Edit = (policy: Policy) => Policy;

export const compose =
  (...edits: readonly Edit[]): Edit =>
  (policy) =>
    edits.reduce((edited, edit) => edit(edited), policy);

/** Changes the statements whose Sid fits; at least one does. */
export function change(sid: string | RegExp, edit: (statement: Json) => Json): Edit {
  return (policy) => {
    const fits = ({ Sid }: Json) => (typeof sid === "string" ? Sid === sid : sid.test(String(Sid)));
    assert.ok(policy.Statement.some(fits), `no statement ${String(sid)}`);
    return { ...policy, Statement: policy.Statement.map((one) => (fits(one) ? edit(one) : one)) };
  };
}

export const set = (sid: string | RegExp, members: Json): Edit =>
  change(sid, (statement) => ({ ...statement, ...members }));

export const without = (sid: string | RegExp, member: string): Edit =>
  change(sid, (statement) => leaveOut(statement, member));

export const drop =
  (sid: string | RegExp): Edit =>
  (policy) => {
    const fits = ({ Sid }: Json) => (typeof sid === "string" ? Sid === sid : sid.test(String(Sid)));
    assert.ok(policy.Statement.some(fits), `no statement ${String(sid)}`);
    return { ...policy, Statement: policy.Statement.filter((one) => !fits(one)) };
  };

export const add =
  (...statements: readonly Json[]): Edit =>
  (policy) => ({ ...policy, Statement: [...policy.Statement, ...statements] });

/** Changes a statement's conditions as a block of operators. */
export const conditions = (sid: string | RegExp, edit: (block: Record<string, Json>) => Json): Edit =>
  change(sid, (statement) => ({
    ...statement,
    Condition: edit((statement["Condition"] ?? {}) as Record<string, Json>),
  }));

/** Takes an operator's keys out of it and, under another operator, back in. */
export const reoperate = (sid: string | RegExp, from: string, to: string, keys: RegExp = /./): Edit =>
  conditions(sid, (block) => {
    const source = block[from] ?? assert.fail(`no ${from} in ${String(sid)}`);
    const moved = Object.fromEntries(Object.entries(source).filter(([key]) => keys.test(key)));
    const kept = Object.fromEntries(Object.entries(source).filter(([key]) => !keys.test(key)));
    assert.ok(Object.keys(moved).length > 0);
    const rest = leaveOut(block, from);
    return {
      ...rest,
      ...(Object.keys(kept).length > 0 ? { [from]: kept } : {}),
      ...(to === "" ? {} : { [to]: { ...((rest[to] ?? {}) as Json), ...moved } }),
    };
  });

/** Takes condition keys out. */
export const cut = (sid: string | RegExp, operator: string, keys: RegExp): Edit =>
  reoperate(sid, operator, "", keys);

/** Compares condition keys with other values. */
export const compare = (sid: string | RegExp, operator: string, values: Json): Edit =>
  conditions(sid, (block) => ({ ...block, [operator]: { ...block[operator], ...values } }));

function leaveOut(object: Json, member: string): Json {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== member));
}
