// A process that dials the loopback port it is given and writes without end, until it is killed.
import { ByteStream } from "../../../core/wire/byte-stream.ts";
import { connectVsock } from "../../../transport/vsock.ts";

const stream = new ByteStream(await connectVsock({ cid: 1, port: Number(process.argv[2]) }), 60_000);
for (;;) await stream.write(new Uint8Array(256 * 1024));
