// A program that takes nitro-cli's place (version 1.5.0): its rules for arguments, the forms of its answers, and its
// errors with their codes. Its state is a JSON file that SEALROOM_FAKE_NITRO names; so a test sees what was asked of it.
import { readFileSync, statSync, writeFileSync } from "node:fs";

export interface FakeState {
  /** `ne_cpus`, and MiB of hugepages. */
  readonly pool: readonly number[];
  readonly memoryMiB: number;
  readonly measurements: Readonly<Record<string, string>>;
  /** What goes wrong, if anything. */
  readonly fault?:
    "boot" | "debug" | "ends" | "garbage" | "hangs" | "long" | "no-sockets" | "other-id" | "other-image";
  readonly enclaves: readonly FakeEnclave[];
  /** Command lines, oldest first. */
  readonly calls: readonly (readonly string[])[];
}

export interface FakeEnclave {
  readonly EnclaveName: string;
  readonly EnclaveID: string;
  readonly ProcessID: number;
  readonly EnclaveCID: number;
  readonly NumberOfCPUs: number;
  readonly CPUIDs: readonly number[];
  readonly MemoryMiB: number;
}

const PATH = process.env["SEALROOM_FAKE_NITRO"] ?? "";
const state = JSON.parse(readFileSync(PATH, "utf8")) as FakeState;
const args = process.argv.slice(2);
let enclaves = state.enclaves;
save();

/** clap's: options with a value, and flags. */
const COMMANDS: Readonly<
  Record<string, { readonly values: readonly string[]; readonly flags: readonly string[] }>
> = {
  "run-enclave": {
    values: ["--cpu-count", "--memory", "--eif-path", "--enclave-cid", "--enclave-name"],
    flags: ["--debug-mode", "--attach-console"],
  },
  "describe-enclaves": { values: [], flags: ["--metadata"] },
  "terminate-enclave": { values: ["--enclave-id", "--enclave-name"], flags: ["--all"] },
};

if (args[0] === "--version") print("Nitro CLI 1.5.0");
else if (state.fault === "hangs") setInterval(() => undefined, 60_000);
else if (state.fault === "long") print(JSON.stringify(["x".repeat(2_000_000)]));
else run(args[0] ?? "", parse(args));

function run(command: string, options: ReadonlyMap<string, string>): void {
  if (state.fault === "garbage") {
    print('{"EnclaveID": ');
    return;
  }
  if (command === "run-enclave") runEnclave(options);
  if (command === "describe-enclaves") describe();
  if (command === "terminate-enclave") terminate(options);
}

function runEnclave(options: ReadonlyMap<string, string>): void {
  const memory = whole(options, "--memory");
  const count = whole(options, "--cpu-count");
  const cid = options.has("--enclave-cid") ? whole(options, "--enclave-cid") : 16 + enclaves.length;
  if (cid <= 3) fail("E03", "Invalid argument provided.");
  const image = options.get("--eif-path") ?? "";
  const size = statSync(image, { throwIfNoEntry: false })?.size;
  if (size === undefined) fail("E19", "File operation failure.");
  const taken = new Set(enclaves.flatMap(({ CPUIDs }) => CPUIDs));
  const free = state.pool.filter((cpu) => !taken.has(cpu));
  if (state.pool.length < count) fail("E22", "Insufficient CPUs available in the pool.");
  if (size * 4 > memory * 2 ** 20) fail("E26", "Insufficient memory requested.");
  process.stderr.write("Start allocating memory...\n");
  if (memory > state.memoryMiB) fail("E27", "Insufficient memory available.", "E39");
  if (free.length < count || enclaves.length >= 4) fail("E29", "Ioctl failure.", "E39");
  if (state.fault === "boot") fail("E36", "Enclave boot failure.", "E39", "E11");
  const enclave: FakeEnclave = {
    EnclaveName: "sealroom",
    EnclaveID: `i-0123456789abcdef0-enc${Date.now().toString(16)}${enclaves.length}`,
    ProcessID: process.ppid,
    EnclaveCID: cid,
    NumberOfCPUs: count,
    CPUIDs: free.slice(0, count),
    MemoryMiB: memory,
  };
  enclaves = state.fault === "ends" ? enclaves : [...enclaves, enclave];
  save();
  process.stderr.write(
    `Started enclave with enclave-cid: ${cid}, memory: ${memory} MiB, cpu-ids: [${enclave.CPUIDs.join(", ")}]\n`,
  );
  print(JSON.stringify(enclave, null, 2));
}

function describe(): void {
  if (state.fault === "no-sockets") fail("E07", "Read from disk failure.");
  const { PCR0 = "", ...others } = state.measurements;
  const shown = { PCR0: state.fault === "other-image" ? PCR0.replace(/^./, "f") : PCR0, ...others };
  const list = enclaves.map((enclave) => ({
    ...enclave,
    State: "RUNNING",
    Flags: state.fault === "debug" ? "DEBUG_MODE" : "NONE",
    Measurements: { HashAlgorithm: "Sha384 { ... }", ...shown },
  }));
  print(JSON.stringify(list, null, 2));
}

function terminate(options: ReadonlyMap<string, string>): void {
  const id = options.get("--enclave-id");
  const found = enclaves.find(({ EnclaveID }) => EnclaveID === id);
  if (found === undefined) fail("E11", "Socket error.");
  enclaves = enclaves.filter((enclave) => enclave !== found);
  save();
  process.stderr.write(`Successfully terminated enclave ${found.EnclaveID}.\n`);
  const answered = state.fault === "other-id" ? "i-0-enc0" : found.EnclaveID;
  print(JSON.stringify({ EnclaveName: found.EnclaveName, EnclaveID: answered, Terminated: true }, null, 2));
}

/** clap: exit 2 and a usage on standard error, no code of nitro-cli's. */
function parse([command = "", ...rest]: readonly string[]): ReadonlyMap<string, string> {
  const known = COMMANDS[command];
  if (known === undefined) refuse(`unrecognized subcommand '${command}'`);
  const options = new Map<string, string>();
  for (let at = 0; at < rest.length; at++) {
    const name = rest[at] ?? "";
    if (options.has(name)) refuse(`the argument '${name}' cannot be used multiple times`);
    if (known.flags.includes(name)) options.set(name, "");
    else if (known.values.includes(name)) {
      const value = rest[++at];
      if (value === undefined || value.startsWith("-")) refuse(`a value is required for '${name}'`);
      options.set(name, value);
    } else refuse(`unexpected argument '${name}' found`);
  }
  if (command === "run-enclave") {
    for (const name of ["--memory", "--eif-path", "--cpu-count"]) {
      if (!options.has(name)) refuse(`the following required arguments were not provided: ${name}`);
    }
  }
  const named = ["--enclave-id", "--enclave-name", "--all"].filter((name) => options.has(name));
  if (command === "terminate-enclave" && named.length !== 1) refuse("give one of --enclave-id, --all");
  return options;
}

function whole(options: ReadonlyMap<string, string>, name: string): number {
  const value = options.get(name) ?? "";
  if (!/^\d+$/.test(value)) {
    fail("E03", `Invalid argument provided. The parameter \`${name}\` is not a valid integer`);
  }
  return Number(value);
}

function fail(code: string, text: string, ...others: readonly string[]): never {
  for (const [at, each] of [code, ...others].entries()) {
    const words = at === 0 ? text : "Enclave process connection failure.";
    process.stderr.write(
      `[ ${each} ] ${words}\n\nFor more details, please visit https://docs.aws.amazon.com/enclaves/latest/user/` +
        `cli-errors.html#${each}\n\nIf you open a support ticket, please provide the error log found at ` +
        '"/var/log/nitro_enclaves/err0.log"\n',
    );
  }
  process.exit(Number(code.slice(1)));
}

function refuse(text: string): never {
  process.stderr.write(`error: ${text}\n\nUsage: nitro-cli <COMMAND>\n`);
  process.exit(2);
}

function save(): void {
  const calls = [...state.calls, args];
  writeFileSync(PATH, JSON.stringify({ ...state, enclaves, calls }));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
