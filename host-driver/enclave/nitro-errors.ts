// nitro-cli's error codes (its own list, version 1.5) in plain words: what it means here, and what to look at. Codes that
// stand for a fault inside nitro-cli are told apart by nothing that a user could do.

export interface NitroError {
  /** `E27`. */
  readonly code: string;
  readonly meaning: string;
}

const MEANINGS: Readonly<Record<string, string>> = {
  E01: "an argument is missing",
  E02: "two arguments exclude each other",
  E03: "an argument is not of its form",
  E04: "nitro-cli could not speak to its own enclave process: too many open files, or no memory left",
  E05: "nitro-cli could not start its enclave process: no memory, or too many processes",
  E06: "nitro-cli could not detach its enclave process",
  E07: "/run/nitro_enclaves cannot be read: install nitro-cli's package, or join the group ne",
  E08: "the enclave's process has gone",
  E11: "a socket failed; after a start, the enclave did not come up; of a stop, there is no such enclave",
  E17: "an answer between nitro-cli and its enclave process was garbled: both of one version?",
  E18: "nitro-cli's log file belongs to another user: /var/log/nitro_enclaves/nitro_enclaves.log",
  E19: "a file could not be opened: the image, /dev/nitro_enclaves, or the driver's list of CPUs",
  E20: "a CPU is named twice",
  E21: "a CPU is not among those that the allocator set aside",
  E22: "the allocator set fewer CPUs aside than are asked for",
  E23: "the list of CPUs is malformed",
  E24: "the list of CPUs is malformed",
  E25: "a hugepage size that the kernel does not have",
  E26: "the memory is less than 4 times the image",
  E27: "fewer hugepages are free than the memory asked for",
  E28: "the driver made no enclave: are 4 running already?",
  E29: "the driver refused: CPUs that share no whole core, or another NUMA node, or 4 enclaves are running",
  E30: "the driver does not say where the image goes",
  E31: "the driver refused the memory: pages of another NUMA node, or of two kinds",
  E32: "the driver refused a CPU: another enclave has it, or it is half of a core",
  E33: "the driver did not start the enclave: half a core, too little memory, or a CID in use",
  E34: "the image does not fit its memory",
  E35: "the image cannot be read to its end, or is no enclave image",
  E36: "the enclave started and ended before it was ready: the image does not boot in that memory",
  E37: "the enclave could not be watched",
  E38: "an enclave did not carry out the command",
  E39: "an enclave's process does not answer",
  E40: "there is no such enclave",
  E41: "an enclave's process could not answer",
  E42: "memory could not be mapped: fewer hugepages are free than it seemed",
  E44: "the console cannot be reached; it is there in debug mode only",
  E51: "NITRO_CLI_ARTIFACTS is not set, where nitro-cli build-enclave keeps its files",
  E52: "NITRO_CLI_BLOBS is not set, where nitro-cli build-enclave finds kernel and init",
  E58: "no enclave, or more than one, has that name",
  E59: "the image's signature or its signing certificate does not verify, or has expired",
  E60: "the signing key or certificate cannot be used",
};

const UNEXPLAINED = "a fault inside nitro-cli; `nitro-cli explain --error-code CODE` says which";

/** All that a failed call names, the cause first, each once. Nothing else of its text is taken. */
export function readNitroErrors(stderr: string): readonly NitroError[] {
  const codes = new Set(Array.from(stderr.matchAll(/\[ (E\d{2}) \]/g), ([, code = ""]) => code));
  return [...codes].map((code) => ({ code, meaning: MEANINGS[code] ?? UNEXPLAINED }));
}
