/** An emulator that dies: in a process of its own, killed without warning. */
import { spawn } from 'node:child_process';

const START = { paypal: 'startPaypalEmulator', stripe: 'startStripeEmulator' } as const;

/** What `work` made of the emulator before it was killed. */
export async function beforeKill<T>(
  vendor: keyof typeof START,
  stateFile: string,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const server = new URL(`../../emulators/${vendor}/server.ts`, import.meta.url).href;
  const script = `
    import { ${START[vendor]} as start } from ${JSON.stringify(server)};
    const { url } = await start({ port: 0, stateFile: ${JSON.stringify(stateFile)} });
    process.stdout.write(url);`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const dead = new Promise((resolve) => child.once('exit', resolve));
  try {
    const url = await new Promise<string>((said, failed) => {
      child.stdout.once('data', (text: Buffer) => said(text.toString()));
      child.once('exit', () => failed(new Error('The emulator did not start.')));
    });
    return await work(url);
  } finally {
    child.kill('SIGKILL');
    await dead;
  }
}
