// `npm run build:native`: compiles the addon and the image's init with gcc, for each architecture that this machine has
// a compiler for, and records what each was built of. The results are committed; nobody needs gcc to install.
import { BINARIES, build, findCompiler } from "./prebuilt.ts";

for (const binary of BINARIES) {
  const compiler = await findCompiler(binary.architecture);
  if (compiler === null) {
    console.log(`${binary.path}: left as it is, no compiler for ${binary.architecture} here`);
  } else {
    const record = await build(binary, compiler);
    console.log(`${binary.path}: ${record.binary} by ${record.compiler}`);
  }
}
