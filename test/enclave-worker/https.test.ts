// TLS to KMS ends in the enclave: whatever the host does to the tunnel, the enclave ends with one typed error, and
// never with an error that nobody handles (which this file would fail on).
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import type { Duplex } from "node:stream";
import { mock, test } from "node:test";
import { Transform } from "node:stream";
import { postHttps } from "../../enclave-worker/kms/https.ts";
import { SealroomError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { encodeCanonical } from "../../core/json.ts";
import { refuses } from "../host/refusal.ts";
import { accept, makeAuthority, secure, secureHttp, serverOptions, tunnelTo } from "./tunnel-host.ts";

const HOST = "kms.eu-central-1.amazonaws.com";
const REQUEST = {
  host: HOST,
  headers: { "content-type": "text/plain" },
  body: new TextEncoder().encode("asked"),
};
const DAY = 86_400_000;
const WAITED_FOR = new AbortController().signal;

/** The errors of a connection that a test has cut come a little later. */
async function quiet(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

test("posts the body and gives status and body of the answer, from the host that was named", async (t) => {
  const authority = await makeAuthority(t);
  const asked: unknown[] = [];
  const dialer = await tunnelTo(t, (connection) => {
    void secureHttp(connection, serverOptions(authority, HOST), (request, response) => {
      void (async (): Promise<void> => {
        const chunks: Buffer[] = [];
        for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
        const { method, url, headers } = request;
        asked.push(method, url, headers.host, headers["content-type"], Buffer.concat(chunks).toString());
        response.writeHead(418);
        response.end("answered");
      })();
    });
  });
  const { status, body } = await postHttps(dialer, [authority.certificate], REQUEST, WAITED_FOR);
  assert.equal(status, 418);
  assert.equal(Buffer.from(body).toString(), "answered");
  assert.deepEqual(asked, ["POST", "/", HOST, "text/plain", "asked"]);
});

test("asks the host for the endpoint's name and port, and shows the name in TLS", async (t) => {
  const authority = await makeAuthority(t);
  const seen: unknown[] = [];
  const dialer = await tunnelTo(t, (connection) => {
    void accept(connection, (request) => seen.push(request)).then((tunnel) => {
      tunnel.once("data", (hello: Buffer) => {
        seen.push(hello.includes(HOST));
        tunnel.destroy();
      });
      tunnel.resume();
    });
  });
  await refuses("KMS_TLS", postHttps(dialer, [authority.certificate], REQUEST, WAITED_FOR));
  assert.deepEqual(seen, [{ host: HOST, port: 443 }, true]);
});

test("refuses a certificate of another authority, for another name, or of another time", async (t) => {
  const [own, other] = [await makeAuthority(t), await makeAuthority(t)];
  const identities = [
    serverOptions(other, HOST),
    serverOptions(own, "kms.us-east-1.amazonaws.com"),
    serverOptions(own, "amazonaws.com"),
    serverOptions(own, HOST, Date.now() - 60 * DAY),
    serverOptions(own, HOST, Date.now() + 60 * DAY),
  ];
  for (const identity of identities) {
    let answered = false;
    const dialer = await tunnelTo(t, (connection) => {
      void secureHttp(connection, identity, (_, response) => {
        answered = true;
        response.end("{}");
      });
    });
    const refusal = await refuses("KMS_TLS", postHttps(dialer, [own.certificate], REQUEST, WAITED_FOR));
    assert.deepEqual(refusal.details, { host: HOST });
    await quiet();
    assert.equal(answered, false);
  }
});

test("refuses TLS before 1.2", async (t) => {
  const authority = await makeAuthority(t);
  const dialer = await tunnelTo(t, (connection) => {
    void secure(connection, {
      ...serverOptions(authority, HOST),
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
  });
  await refuses("KMS_TLS", postHttps(dialer, [authority.certificate], REQUEST, WAITED_FOR));
  await quiet();
});

test("the environment cannot turn the certificate's check off", async (t) => {
  const [own, other] = [await makeAuthority(t), await makeAuthority(t)];
  const dialer = await tunnelTo(t, (connection) => {
    void secureHttp(connection, serverOptions(other, HOST), (_, response) => response.end("{}"));
  });
  const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  t.after(() => {
    if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
  });
  await refuses("KMS_TLS", postHttps(dialer, [own.certificate], REQUEST, WAITED_FOR));
});

const CUTS: Readonly<Record<string, readonly [ErrorCode, (connection: Duplex) => void]>> = {
  "closes at once": ["TRANSPORT_CLOSED", (connection) => connection.destroy()],
  "answers the request for a tunnel with something else": [
    "WIRE_FIELD",
    (connection) => {
      const json = encodeCanonical({ type: "sorry" });
      connection.write(Buffer.concat([Buffer.from([0, 0, 0, json.length]), json]));
    },
  ],
  "closes after the tunnel is made": [
    "KMS_TLS",
    (connection) => void accept(connection).then((tunnel) => tunnel.destroy()),
  ],
  "ends after the tunnel is made": [
    "KMS_TLS",
    (connection) => void accept(connection).then((tunnel) => tunnel.end()),
  ],
  "closes after the client's hello": [
    "KMS_TLS",
    (connection) =>
      void accept(connection).then((tunnel) => tunnel.once("data", () => tunnel.destroy()).resume()),
  ],
  "sends noise in the place of TLS": [
    "KMS_TLS",
    (connection) => void accept(connection).then((tunnel) => tunnel.write(randomBytes(5000))),
  ],
  "sends noise on the heels of its answer": [
    "KMS_TLS",
    (connection) => {
      const json = encodeCanonical({ type: "connected" });
      connection.write(Buffer.concat([Buffer.from([0, 0, 0, json.length]), json, randomBytes(500)]));
    },
  ],
  "sends an HTTP answer without TLS": [
    "KMS_TLS",
    (connection) => void accept(connection).then((tunnel) => tunnel.write("HTTP/1.1 200 OK\r\n\r\n{}")),
  ],
};

for (const [name, [code, serve]] of Object.entries(CUTS)) {
  test(`a host that ${name} is refused with ${code}`, async (t) => {
    const authority = await makeAuthority(t);
    const dialer = await tunnelTo(t, serve);
    await refuses(code, postHttps(dialer, [authority.certificate], REQUEST, WAITED_FOR));
    await quiet();
  });
}

const BAD_ANSWERS: Readonly<Record<string, RequestListener>> = {
  "closes in the place of an answer": (request) => request.socket.destroy(),
  "resets after the head of its answer": (request, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("ten bytes!", () => request.socket.destroy());
  },
  "ends before the length that it said": (request) => {
    request.socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nten bytes!");
  },
  "answers with more than 64 KiB": (_, response) => response.end(Buffer.alloc(64 * 1024 + 1)),
  "says a length past all bounds": (request) => {
    request.socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${"9".repeat(30)}\r\n\r\n`);
    request.socket.end("x");
  },
  "sends headers without end": (request) => {
    request.socket.on("error", () => undefined);
    request.socket.write(`HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(20_000)}`);
  },
  "speaks another protocol": (request) => request.socket.write("220 mail ready\r\n"),
  "sends a broken chunk": (request) => {
    request.socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n");
  },
};

for (const [name, listener] of Object.entries(BAD_ANSWERS)) {
  test(`an endpoint that ${name} is refused with KMS_ANSWER`, async (t) => {
    const authority = await makeAuthority(t);
    const dialer = await tunnelTo(t, (connection) => {
      void secureHttp(connection, serverOptions(authority, HOST), listener);
    });
    await refuses("KMS_ANSWER", postHttps(dialer, [authority.certificate], REQUEST, WAITED_FOR));
    await quiet();
  });
}

test("takes an answer of just 64 KiB", async (t) => {
  const authority = await makeAuthority(t);
  const dialer = await tunnelTo(t, (connection) => {
    void secureHttp(connection, serverOptions(authority, HOST), (_, response) =>
      response.end(Buffer.alloc(64 * 1024, 1)),
    );
  });
  assert.equal(
    (await postHttps(dialer, [authority.certificate], REQUEST, WAITED_FOR)).body.length,
    64 * 1024,
  );
});

/** Passes bytes on after changing them. */
class Meddler extends Transform {
  #seen = 0;
  readonly #change: (byte: number, at: number) => number;

  constructor(change: (byte: number, at: number) => number) {
    super();
    this.#change = change;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, callback: () => void): void {
    const start = this.#seen;
    this.#seen += chunk.length;
    this.push(Buffer.from(chunk).map((byte, index) => this.#change(byte, start + index)));
    callback();
  }
}

test("a bit changed anywhere in what KMS sends, inside the host's tunnel, is refused", async (t) => {
  const authority = await makeAuthority(t);
  const inner = serverOptions(authority, HOST);
  // The real endpoint, to which the meddling host dials.
  const real = await tunnelTo(t, (connection) => {
    void secureHttp(connection, inner, (_, response) => response.end("answered"));
  });
  let at = -1;
  let sent = 0;
  const meddling = await tunnelTo(t, (connection) => {
    void (async (): Promise<void> => {
      const tunnel = await accept(connection);
      const remote = await real.connect("tunnel");
      const json = encodeCanonical({ type: "connect", host: HOST, port: 443 });
      remote.write(Buffer.concat([Buffer.from([0, 0, 0, json.length]), json]));
      // The answer of the inner tunnel: 4 bytes and {"type":"connected"}.
      const answer = 4 + '{"type":"connected"}'.length;
      let skipped = Buffer.alloc(0);
      const meddler = new Meddler((byte, place) => {
        sent = Math.max(sent, place + 1);
        return place === at ? byte ^ 0x10 : byte;
      });
      remote.on("data", (chunk: Buffer) => {
        skipped = Buffer.concat([skipped, chunk]);
        if (skipped.length < answer) return;
        meddler.write(skipped.subarray(answer));
        skipped = skipped.subarray(0, answer);
      });
      for (const side of [remote, tunnel, meddler]) side.on("error", () => undefined);
      remote.on("close", () => tunnel.destroy());
      tunnel.on("close", () => remote.destroy());
      tunnel.pipe(remote);
      meddler.pipe(tunnel);
    })();
  });
  const honest = await postHttps(meddling, [authority.certificate], REQUEST, WAITED_FOR);
  assert.equal(Buffer.from(honest.body).toString(), "answered");
  const total = sent;
  assert.ok(total > 1000);
  const step = process.env["SEALROOM_DEEP"] === undefined ? Math.ceil(total / 20) : 7;
  for (at = 0; at < total; at += step) {
    // The record's version in the first bytes is not authenticated, and means nothing.
    const outcome = await postHttps(meddling, [authority.certificate], REQUEST, WAITED_FOR).then(
      ({ body }) => Buffer.from(body).toString(),
      (error: unknown) => (error as { code?: string }).code ?? String(error),
    );
    assert.ok(
      ["KMS_TLS", "KMS_ANSWER"].includes(outcome) || (outcome === "answered" && at < 3),
      `${at}: ${outcome}`,
    );
  }
  await quiet();
});

test("an endpoint that keeps silent during the handshake is given up after 20 seconds", async (t) => {
  const authority = await makeAuthority(t);
  let ready: () => void = () => undefined;
  const accepted = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const dialer = await tunnelTo(t, (connection) => {
    void accept(connection).then((tunnel) => {
      tunnel.once("data", () => {
        ready();
      });
      tunnel.resume();
    });
  });
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const posting = postHttps(dialer, [authority.certificate], REQUEST, WAITED_FOR);
    await accepted;
    mock.timers.tick(20_000);
    await refuses("KMS_TLS", posting);
  } finally {
    mock.timers.reset();
  }
});

// Without the signal each would take its 20 seconds.
const BEFORE_ANY_LIMIT = { timeout: 15_000 };

test(
  "hangs up when nobody waits for the answer any more, whatever it waits for itself",
  BEFORE_ANY_LIMIT,
  async (t) => {
    const authority = await makeAuthority(t);
    type Reached = () => void;
    const stages: Readonly<Record<string, (reached: Reached) => (connection: Duplex) => void>> = {
      "the host's word that it has connected": (reached) => (connection) => {
        connection.once("data", reached);
      },
      "the end of the handshake": (reached) => (connection) => {
        void accept(connection).then((tunnel) => {
          tunnel.once("data", reached);
          tunnel.resume();
        });
      },
      "the head of the answer": (reached) => (connection) => {
        void secureHttp(connection, serverOptions(authority, HOST), reached);
      },
      "the rest of the answer": (reached) => (connection) => {
        void secureHttp(connection, serverOptions(authority, HOST), (_request, response) => {
          response.writeHead(200, { "content-length": 1000 });
          response.write("half");
          setTimeout(reached, 20);
        });
      },
    };
    for (const [stage, serve] of Object.entries(stages)) {
      const waiting = new AbortController();
      let hungUp: Promise<unknown> = Promise.resolve();
      const dialer = await tunnelTo(t, (connection) => {
        hungUp = new Promise((resolve) => connection.once("close", resolve));
        serve(() => {
          waiting.abort();
        })(connection);
      });
      await assert.rejects(
        postHttps(dialer, [authority.certificate], REQUEST, waiting.signal),
        (error) => error instanceof SealroomError,
        stage,
      );
      await hungUp;
    }
    const gone = AbortSignal.abort();
    const dialer = await tunnelTo(t, (connection) => {
      accept(connection).catch(() => undefined);
    });
    await assert.rejects(postHttps(dialer, [authority.certificate], REQUEST, gone), SealroomError);
    await quiet();
  },
);
