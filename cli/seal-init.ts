// `sealroom seal --init`: proposes schema.yaml and rules.yaml for a file. A proposal for its owner to read and correct;
// nothing is sealed by it.
import { locate, usage } from "./fault.ts";
import { checkNewFile, writeNewFile } from "./file.ts";
import { renderFields, wrap } from "./output.ts";
import type { Report } from "./output.ts";

export interface InitOptions {
  readonly schema?: string;
  readonly rules?: string;
  readonly unit?: string;
}

export async function proposeFor(inputs: readonly string[], options: InitOptions): Promise<Report> {
  const [input, ...more] = inputs;
  if (input === undefined || more.length > 0) throw usage("--init takes one input");
  const { schema = "schema.yaml", rules = "rules.yaml", unit } = options;
  for (const path of [schema, rules]) await checkNewFile(path);
  const { proposeFiles } = await import("../owner/init.ts");
  const proposal = await locate(input, () =>
    proposeFiles({ input, ...(unit === undefined ? {} : { unit }) }),
  );
  await writeNewFile({ path: schema, bytes: proposal.schema, access: "public" });
  await writeNewFile({ path: rules, bytes: proposal.rules, access: "public" });
  return {
    exit: 0,
    json: { input, schema, rules, unit: proposal.unit },
    text: [
      `Proposed for ${input}`,
      ...renderFields([
        ["schema", schema],
        ["rules", rules],
        ["unit", proposal.unit ?? "none found: propose again with --unit COLUMN, which says whose row it is"],
      ]),
      ...wrap("Read both before you seal: the roles say what may leave, the unit says who is protected."),
    ],
  };
}
