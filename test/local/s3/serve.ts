// A local S3 in a process of its own, to be killed: `node serve.ts DIRECTORY` says its address on stdout.
import { credentialTable, openCredentials } from "../../../local/credentials.ts";
import { startLocalS3 } from "../../../local/s3/server.ts";
import { BUCKET } from "./rig.ts";

const [, , directory = ""] = process.argv;
const s3 = await startLocalS3({
  directory: `${directory}/s3`,
  credentials: credentialTable(Object.values(await openCredentials(directory))),
});
s3.ensureBucket(BUCKET);
process.stdout.write(`${s3.endpoint}\n`);
