// What a host can add to a kernel's command line where the hypervisor lets it, as QEMU's does: words that the kernel does
// not know become variables and arguments of init. None of them may come further (security: H55).

/** Init gets at most 32 of either kind; with more the kernel panics. */
export const HOSTILE_VARIABLES: readonly string[] = [
  "NODE_OPTIONS=--require=/tmp/x.js",
  "NODE_EXTRA_CA_CERTS=/tmp/ca.pem",
  "NODE_TLS_REJECT_UNAUTHORIZED=0",
  "NODE_USE_ENV_PROXY=1",
  "NODE_PATH=/tmp",
  "NODE_DEBUG=tls,net",
  "NODE_V8_COVERAGE=/tmp",
  "NODE_COMPILE_CACHE=/tmp",
  "NODE_REDIRECT_WARNINGS=/dev/console",
  "LD_PRELOAD=/tmp/x.so",
  "LD_LIBRARY_PATH=/tmp",
  "LD_AUDIT=/tmp/x.so",
  "GLIBC_TUNABLES=glibc.malloc.check=3",
  "MALLOC_ARENA_MAX=64",
  "OPENSSL_CONF=/tmp/openssl.cnf",
  "OPENSSL_MODULES=/tmp",
  "SSL_CERT_FILE=/tmp/ca.pem",
  "SSLKEYLOGFILE=/dev/console",
  "HTTPS_PROXY=http://10.0.0.1:3128",
  "UV_THREADPOOL_SIZE=1",
  "TZ=Pacific/Kiritimati",
  "LANG=tr_TR.UTF-8",
  "PATH=/tmp",
  "HOME=/tmp",
];

export const HOSTILE_ARGUMENTS: readonly string[] = [
  "--inspect",
  "--require",
  "-e",
  "/tmp/x",
  "--experimental-permission",
];

/** These the kernel takes for parameters of modules; what reads the command line itself must take its first word. */
export const HOSTILE_PARAMETERS: readonly string[] = [
  "sealroom.parent_cid=9",
  "sealroom.parent_cid=4294967295",
  "sealroom.entry=/app/x.js",
];

export const HOSTILE_WORDS: readonly string[] = [
  ...HOSTILE_PARAMETERS,
  ...HOSTILE_VARIABLES,
  ...HOSTILE_ARGUMENTS,
];
