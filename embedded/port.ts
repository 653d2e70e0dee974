/** Ports of this machine, on the loopback address only. */
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { StartupProblem } from './startup-problem.js';

const LOOPBACK = '127.0.0.1';

/** A killed program lets go of its ports a moment after it is gone. */
const PATIENCE_MS = 1000;

/** Refuses a port that another program holds; `variable` names the setting which moves ours. */
export async function requireFreePort(port: number, variable: string): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(50)) {
    // Some systems let two programs listen, one of them on all addresses: only asking tells.
    if (!(await answers(port)) && (await canListen(port))) return;
  }
  throw new StartupProblem(
    `Port ${port} is taken by another program: stop it, or set ${variable} to a free port.`,
  );
}

/**
 * A port that is free now. Nothing reserves it, but it is none of those that systems hand out by themselves: whoever
 * asks for any port at all, or connects to another, does not get it meanwhile.
 */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_768);
    if (await canListen(port)) return port;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK, timeout: 1000 })
      .once('connect', () => finish(true))
      .once('timeout', () => finish(false))
      .once('error', () => finish(false));
    function finish(answered: boolean): void {
      socket.destroy();
      resolve(answered);
    }
  });
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, LOOPBACK, () => server.close(() => resolve(true)));
  });
}
