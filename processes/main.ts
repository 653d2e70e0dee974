/** How every process begins and ends: a clear sentence when it cannot start, an orderly stop when it is told to. */
import { ConfigError } from '../config.js';
import { StartupProblem } from '../embedded/startup-problem.js';

export interface Running {
  stop(): Promise<void>;
}

/** Runs until SIGINT or SIGTERM. Repeated signals change nothing: a stop under way is not cut short. */
export async function main(begin: () => Promise<Running>): Promise<void> {
  try {
    const running = await begin();
    await new Promise<void>((resolve) => {
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
    });
    process.on('SIGINT', () => {}).on('SIGTERM', () => {});
    await running.stop();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${sentenceFor(error)}\n`);
    process.exit(1);
  }
}

function sentenceFor(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StartupProblem) return error.message;
  if (!(error instanceof Error)) return String(error);
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    return 'The port of the API is taken by another program: stop it, or set PORT to a free port.';
  return error.stack ?? error.message;
}
