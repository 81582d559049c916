// The host's gateway in a process of its own, with one object under every number: from memory, or from S3.
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import { serveGateway } from "../host-driver/gateway.ts";
import type { RangeSource } from "../host-driver/gateway.ts";
import { Store } from "../host-driver/store.ts";
import { unixListener } from "../transport/unix.ts";

export type Origin =
  | { readonly kind: "memory"; readonly file: string }
  | {
      readonly kind: "s3";
      readonly endpoint: string;
      readonly region: string;
      readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
      readonly bucket: string;
      readonly key: string;
    };

async function rangeSource(origin: Origin): Promise<RangeSource> {
  if (origin.kind === "memory") {
    const bytes = await readFile(origin.file);
    return ({ offset, length }) => Promise.resolve(Readable.from([bytes.subarray(offset, offset + length)]));
  }
  const { endpoint, region, credentials, bucket, key } = origin;
  const store = new Store(new S3Client({ endpoint, region, credentials, forcePathStyle: true }));
  return ({ offset, length }) => store.range({ bucket, prefix: "" }, key, offset, length);
}

const [sockets, origin] = process.argv.slice(2);
if (sockets === undefined || origin === undefined) throw new Error("started by bench/throughput.ts");
const source = await rangeSource(JSON.parse(origin) as Origin);
await unixListener(sockets, "gateway").accept((connection) => {
  void serveGateway(connection, source, (error) => {
    console.error(error);
  });
});
process.stdout.write("listening\n");
// Whoever started this process is gone, or wants it gone.
process.stdin.resume();
process.stdin.once("close", () => process.exit(0));
