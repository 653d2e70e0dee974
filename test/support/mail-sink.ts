/** A mail server for tests: real SMTP, letters kept in memory, and trouble on demand. */
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Arrived {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came over the wire. */
  readonly raw: string;
}

type Trouble =
  | 'none'
  /** Refuses before, or after, the letter itself. */
  | 'busy_at_recipient'
  | 'busy_at_end'
  | 'no_such_recipient'
  /** Takes the letter and never says so. */
  | 'silent';

export type MailSink = Awaited<ReturnType<typeof openMailSink>>;

export async function openMailSink(port = 0) {
  const arrived: Arrived[] = [];
  const passwords: unknown[] = [];
  const state: { trouble: Trouble } = { trouble: 'none' };
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      passwords.push(password);
      done(null, { user: username });
    },
    disabledCommands: ['STARTTLS'],
    onRcptTo(_address, _session, done) {
      if (state.trouble === 'busy_at_recipient') done(reply(451, 'Try again later'));
      else if (state.trouble === 'no_such_recipient') done(reply(550, 'ada@example.com: nobody'));
      else done();
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        if (state.trouble === 'busy_at_end') return done(reply(452, 'The disk is full'));
        const to = rcptTo.map(({ address }) => address);
        const from = mailFrom ? mailFrom.address : '';
        arrived.push({ from, to, raw: Buffer.concat(chunks).toString() });
        if (state.trouble !== 'silent') done();
      });
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const at = (server.server.address() as AddressInfo).port;
  return {
    url: `smtp://127.0.0.1:${at}`,
    port: at,
    arrived,
    /** What anybody who listens on the way has heard too: this server speaks no TLS. */
    passwords,
    get trouble() {
      return state.trouble;
    },
    set trouble(trouble: Trouble) {
      state.trouble = trouble;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** A header, unfolded, as it stands. */
export function headerOf({ raw }: Arrived, name: string): string | undefined {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ');
  return new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1];
}

/** The subject as it is read: encoded words put together. */
export function decodedSubject(letter: Arrived): string {
  const bytes = (text: string) =>
    text
      .replaceAll('_', ' ')
      .replaceAll(/=([\dA-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return (headerOf(letter, 'Subject') ?? '')
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?([QB])\?(.*?)\?=/gi, (_, how: string, text: string) =>
      how.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64').toString()
        : Buffer.from(bytes(text), 'latin1').toString(),
    );
}
