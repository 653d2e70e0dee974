/** Ports of this machine, on the loopback address only. */
import { type AddressInfo, connect, createServer } from 'node:net';
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

/** A port that is free now. Nothing reserves it, so use it at once. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once('error', reject)
      .listen(0, LOOPBACK, () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
  });
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
