// `sealroom schema`: a data set's columns as a TypeScript module, off its signed manifest, so that the compiler checks the
// jobs that are built over it (docs/sql.md).
import type { Command } from "commander";
import { PolicyError } from "../core/errors.ts";
import type { Manifest } from "../core/manifest/manifest.ts";
import { addCloudOptions, openCloud } from "./cloud-options.ts";
import type { CloudOptions } from "./cloud-options.ts";
import { act, addNeeded, declare } from "./command.ts";
import type { Host, Session } from "./command.ts";
import { locate } from "./fault.ts";
import { checkNewFile, writeNewFile } from "./file.ts";
import { renderFields } from "./output.ts";
import type { Report } from "./output.ts";

interface Options extends CloudOptions {
  readonly owner: string;
  readonly out: string;
}

export function declareSchema(parent: Command, host: Host): void {
  const command = declare(parent, "schema", {
    summary: "write a data set's columns as a TypeScript module",
    description:
      "Reads the data set's signed manifest, checks that it is this owner's, and writes its columns, expressions and " +
      "bins as a module. Over it jobs are built in TypeScript, and the compiler refuses a name that is not there, or a " +
      "use that a column's role does not allow.",
    examples: ["sealroom schema s3://data/flights/ --owner 3FMfm... \\\n      --out flights.schema.ts"],
  }).argument("<location>", "where the data set lies, s3://bucket/prefix/");
  addNeeded(command, "--owner <thumbprint>", "whose data set it must be");
  addNeeded(command, "--out <file>", "the module to write");
  act(addCloudOptions(command), host, schema);
}

async function schema(session: Session, options: Options, location: string): Promise<Report> {
  await checkNewFile(options.out);
  const { loadDataset } = await import("../host-driver/dataset.ts");
  const { parseLocation } = await import("../host-driver/location.ts");
  const { Store } = await import("../host-driver/store.ts");
  const cloud = await openCloud(session, options);
  try {
    const { verified } = await locate(location, () =>
      loadDataset(new Store(cloud.s3("enclave")), parseLocation(location), Date.now()),
    );
    const { manifest, owner } = verified;
    if (owner !== options.owner) {
      throw new PolicyError("JOB_INPUTS", { dataset: manifest.dataset, signer: owner });
    }
    const text = moduleText(manifest, owner, location);
    await writeNewFile({ path: options.out, bytes: new TextEncoder().encode(text), access: "public" });
    return {
      exit: 0,
      json: { out: options.out, dataset: manifest.dataset, owner, columns: manifest.schema.length },
      text: [
        `Wrote the schema of ${manifest.dataset}`,
        ...renderFields([
          ["written to", options.out],
          ["columns", String(manifest.schema.length)],
        ]),
      ],
    };
  } finally {
    await cloud.close();
  }
}

function moduleText({ dataset, schema, rules, epoch }: Manifest, owner: string, from: string): string {
  const columns = Object.fromEntries(schema.map(({ name, type, role }) => [name, { type, role }]));
  const value = {
    dataset,
    owner,
    from,
    columns,
    expressions: Object.keys(rules.expressions ?? {}),
    bins: Object.keys(rules.bins ?? {}),
  };
  const name = dataset.replaceAll(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) =>
    (next ?? "").toUpperCase(),
  );
  const variable = /^[A-Za-z]/.test(name) ? name : `dataset${name}`;
  return [
    `// Columns of the data set ${dataset} as its owner signed them (epoch ${epoch}). Made by \`sealroom schema\`.`,
    `export const ${variable} = ${JSON.stringify(value, null, 2)} as const;`,
    "",
  ].join("\n");
}
