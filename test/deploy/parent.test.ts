// What runs on the parent: the script that sets it up, the units, the allocator's file. Commands in them are those of the
// command line, places those that the script makes.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { parseAllocator } from "../../host-driver/enclave/allocator.ts";
import { readTemplate } from "./cloudformation.ts";
import { checkCommandLine } from "./command-lines.ts";
import { at, textOf } from "./json.ts";

function read(path: string): string {
  return readFileSync(new URL(`../../deploy/${path}`, import.meta.url), "utf8");
}

interface Unit {
  readonly name: string;
  /** Section to directives, each with its values in order. */
  readonly sections: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
}

const NAMES = readdirSync(new URL("../../deploy/systemd/", import.meta.url)).sort();
const UNITS: readonly Unit[] = NAMES.map((name) => parseUnit(name, read(`systemd/${name}`)));
const SCRIPT = read("parent/set-up.sh");

function parseUnit(name: string, text: string): Unit {
  const sections = new Map<string, Map<string, string[]>>();
  let section: Map<string, string[]> | null = null;
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const [, title] = /^\[(\w+)\]$/.exec(line) ?? [];
    if (title !== undefined) {
      section = new Map();
      assert.ok(!sections.has(title), `${name}: two sections ${title}`);
      sections.set(title, section);
      continue;
    }
    const [, key = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
    assert.ok(key !== "" && section !== null, `${name}: ${line}`);
    section.set(key, [...(section.get(key) ?? []), value]);
  }
  return { name, sections };
}

function values({ sections }: Unit, section: string, key: string): readonly string[] {
  return sections.get(section)?.get(key) ?? [];
}

/** Units of the system, which the packages of the set-up script bring. */
const SYSTEM_UNITS = ["nitro-enclaves-allocator.service", "multi-user.target", "timers.target"];

test("units name only units that are there", () => {
  for (const unit of UNITS) {
    const named = [
      ...["Requires", "After", "Wants", "OnFailure"].flatMap((key) => values(unit, "Unit", key)),
      ...values(unit, "Install", "WantedBy"),
    ].flatMap((value) => value.split(" "));
    for (const name of named) assert.ok([...NAMES, ...SYSTEM_UNITS].includes(name), `${unit.name}: ${name}`);
    if (!unit.name.endsWith(".timer")) continue;
    assert.ok(NAMES.includes(unit.name.replace(".timer", ".service")), unit.name);
  }
});

test("every command that a unit runs is one of the command line, with options that it has", async () => {
  let commands = 0;
  for (const unit of UNITS) {
    for (const line of ["ExecStart", "ExecStop"].flatMap((key) => values(unit, "Service", key))) {
      const [program = "", ...args] = line.split(" ");
      if (program === "/usr/bin/systemctl") {
        assert.deepEqual(args.slice(0, 1), ["restart"]);
        assert.ok(NAMES.includes(args[1] ?? ""), line);
        continue;
      }
      assert.equal(program, "/usr/local/bin/sealroom", unit.name);
      // Zero or more words, as systemd has it of a variable without braces.
      await checkCommandLine(args.filter((word) => !/^\$\w+$/.test(word)));
      commands++;
    }
  }
  assert.ok(commands >= 4);
});

test("what runs commands runs as a user of its own with nothing that it does not need", () => {
  for (const unit of UNITS) {
    const runs = values(unit, "Service", "ExecStart").some((line) =>
      line.startsWith("/usr/local/bin/sealroom"),
    );
    if (!runs) continue;
    assert.deepEqual(values(unit, "Service", "User"), ["sealroom"], unit.name);
    assert.deepEqual(values(unit, "Service", "Group"), ["ne"], unit.name);
    for (const [key, value] of [
      ["NoNewPrivileges", "yes"],
      ["ProtectSystem", "strict"],
      ["ProtectHome", "yes"],
      ["PrivateTmp", "yes"],
      ["DevicePolicy", "closed"],
      ["CapabilityBoundingSet", ""],
    ] as const) {
      assert.deepEqual(values(unit, "Service", key), [value], `${unit.name}: ${key}`);
    }
  }
});

test("only jobs reach the network: the enclave's units speak over vsock", () => {
  for (const unit of UNITS) {
    const families = values(unit, "Service", "RestrictAddressFamilies").join(" ").split(" ");
    const isJob = unit.name === "sealroom-job@.service";
    if (values(unit, "Service", "User").length === 0) continue;
    assert.equal(families.includes("AF_INET"), isJob, unit.name);
    assert.ok(families.includes("AF_VSOCK"), unit.name);
  }
});

test("the enclave's CID is the one that jobs ask, and that the check looks at the enclave that was started", () => {
  const start = UNITS.find(({ name }) => name === "sealroom-enclave.service");
  const job = UNITS.find(({ name }) => name === "sealroom-job@.service");
  assert.ok(start !== undefined && job !== undefined);
  const [, cid] = /--cid (\d+)/.exec(values(start, "Service", "ExecStart").join()) ?? [];
  assert.ok(
    values(job, "Service", "ExecStart")
      .join()
      .includes(`--enclave vsock:${cid ?? "?"} `),
  );
});

test("what units write and read is made by the script, and what it installs is in the repository", () => {
  const places = UNITS.flatMap((unit) => values(unit, "Service", "ReadWritePaths")).flatMap((value) =>
    value.split(" "),
  );
  // nitro-cli's package makes its own.
  for (const place of new Set(places)) {
    assert.ok(SCRIPT.includes(place) || place.endsWith("/nitro_enclaves"), place);
  }
  for (const file of ["/opt/sealroom.eif", "/etc/sealroom.env"]) {
    assert.ok(
      UNITS.some(({ sections }) =>
        [...sections.values()].some((each) => [...each.values()].flat().join().includes(file)),
      ),
    );
    assert.ok(SCRIPT.includes(file), file);
  }
  for (const [, path = ""] of SCRIPT.matchAll(/\/opt\/sealroom\/deploy\/(\S+)/g)) {
    const place = path.endsWith("/*") ? path.slice(0, -1) : path;
    assert.notEqual(
      place.endsWith("/")
        ? readdirSync(new URL(`../../deploy/${place}`, import.meta.url)).length
        : read(place).length,
      0,
    );
  }
});

test("the script stops at the first fault, and enables what has to be there after a boot", () => {
  assert.match(SCRIPT, /^#!\/bin\/bash\n(#.*\n)+set -euo pipefail\n/);
  for (const name of [
    "nitro-enclaves-allocator.service",
    "sealroom-enclave.service",
    "sealroom-enclave-check.timer",
  ]) {
    assert.match(SCRIPT, new RegExp(`systemctl enable [^\\n]*${name.replaceAll(".", "\\.")}`));
  }
});

test("a job finds its files beside its job.yaml, and is given grants where there are some", () => {
  const job = UNITS.find(({ name }) => name === "sealroom-job@.service");
  assert.ok(job !== undefined);
  const [place] = values(job, "Service", "WorkingDirectory");
  assert.equal(place, "/var/lib/sealroom/jobs/%i");
  assert.ok(values(job, "Service", "EnvironmentFile").includes(`${place}/job.env`));
  const [line = ""] = values(job, "Service", "ExecStart");
  assert.match(line, / run job\.yaml .* --nonce \$\{SEALROOM_NONCE\} \$SEALROOM_GRANTS$/);
});

test("the allocator takes our file, and the one that the script writes with the defaults of the templates", () => {
  assert.deepEqual(parseAllocator(read("allocator.yaml")), {
    kind: "reserves",
    memoryMiB: 4096,
    cpus: { kind: "count", count: 2 },
  });
  const { parameters } = readTemplate("sealroom.yaml");
  const [, written = ""] = /allocator\.yaml <<'END'\n([^]*?)END\n/.exec(SCRIPT) ?? [];
  const filled = written.replaceAll(/\$\{(\w+)\}/g, (_, name: string) =>
    textOf(at(parameters, `${name}.Default`)),
  );
  assert.deepEqual(parseAllocator(filled), parseAllocator(read("allocator.yaml")));
});

test("the template's own braces are its parameters: the script has no variables in braces of its own", () => {
  const { parameters } = readTemplate("sealroom.yaml");
  const named = Array.from(SCRIPT.matchAll(/\$\{([^}]*)\}/g), ([, name = ""]) => name);
  for (const name of named) {
    assert.ok(name in parameters || ["ArtifactBucket", "Region"].includes(name), name);
  }
});
