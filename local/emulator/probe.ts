// Whether a guest listens on a port, asked in the way of the vsock device's unix socket: `CONNECT port`, `OK port`. A
// port on which nobody listens gives no answer at all, so each question has its own time.
import { connect } from "node:net";

/** True when the guest accepted; the connection is closed again. */
export async function isListening(uds: string, port: number, withinMs: number): Promise<boolean> {
  const socket = connect(uds);
  try {
    return await new Promise<boolean>((resolve) => {
      let answer = "";
      const timer = setTimeout(() => {
        resolve(false);
      }, withinMs);
      socket.setEncoding("latin1").on("data", (text: string) => {
        answer += text;
        if (!answer.includes("\n") && answer.length < 32) return;
        clearTimeout(timer);
        resolve(answer === `OK ${port}\n`);
      });
      for (const event of ["error", "close"]) {
        socket.once(event, () => {
          clearTimeout(timer);
          resolve(false);
        });
      }
      socket.write(`CONNECT ${port}\n`);
    });
  } finally {
    socket.destroy();
  }
}
