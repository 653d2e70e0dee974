/** The post by SMTP: one connection per letter, and a clear word on whether it may have arrived. */
import { Readable } from 'node:stream';

import MailComposer from 'nodemailer/lib/mail-composer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';

import type { Letter, Post, Posted } from './post.js';

export interface SmtpOptions {
  /** "smtp://user:password@host:587", or smtps:// for TLS from the start. */
  readonly url: string;
  /** All of one letter's exchange, in milliseconds. */
  readonly deadlineMs: number;
}

export function smtpPost({ url, deadlineMs }: SmtpOptions): Post {
  return {
    atAnyHour: false,
    async send(letter) {
      const message = await compose(letter);
      const attempt = new Attempt(new SMTPConnection(settingsOf(url, deadlineMs)), deadlineMs);
      return attempt.run(credentialsOf(url), letter, message);
    },
  };
}

function compose({ from, replyTo, to, subject, text, html, messageId, date }: Letter) {
  const mail = new MailComposer({
    from,
    to: { name: '', address: to },
    ...(replyTo && { replyTo: { name: '', address: replyTo } }),
    subject,
    text,
    html,
    messageId: `<${messageId}>`,
    date,
    headers: { 'Auto-Submitted': 'auto-generated' },
  });
  return mail.compile().build();
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

function settingsOf(url: string, deadlineMs: number) {
  const { protocol, hostname, port, username } = new URL(url);
  const secure = protocol === 'smtps:';
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port) || (secure ? 465 : 587),
    secure,
    // A password crosses no network in the clear.
    requireTLS: !secure && username !== '' && !LOOPBACK.includes(hostname),
    connectionTimeout: deadlineMs,
    greetingTimeout: deadlineMs,
    socketTimeout: deadlineMs,
    dnsTimeout: deadlineMs,
  };
}

interface Credentials {
  readonly user: string;
  readonly pass: string;
}

function credentialsOf(url: string): Credentials | undefined {
  const { username, password } = new URL(url);
  if (!username) return undefined;
  return { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
}

interface SmtpError {
  readonly code?: string;
  readonly command?: string;
  readonly responseCode?: number;
}

class Attempt {
  /** Whether the server has begun to take the letter itself. */
  private handedOver = false;
  private readonly connection: SMTPConnection;
  private readonly deadlineMs: number;

  constructor(connection: SMTPConnection, deadlineMs: number) {
    this.connection = connection;
    this.deadlineMs = deadlineMs;
  }

  async run(auth: Credentials | undefined, letter: Letter, message: Buffer): Promise<Posted> {
    let timer: NodeJS.Timeout | undefined;
    const failed = new Promise<never>((_, reject) => {
      this.connection.on('error', reject);
      timer = setTimeout(() => reject(new Error('DEADLINE')), this.deadlineMs);
    });
    const envelope = { from: letter.from.address, to: [letter.to] };
    try {
      await Promise.race([this.exchange(auth, envelope, message), failed]);
      this.connection.quit();
      return { kind: 'accepted' };
    } catch (error) {
      this.connection.close();
      return this.meaningOf(error as SmtpError);
    } finally {
      clearTimeout(timer);
    }
  }

  private async exchange(
    auth: Credentials | undefined,
    envelope: { from: string; to: string[] },
    message: Buffer,
  ): Promise<void> {
    const { connection } = this;
    await step((done) => connection.connect(done));
    if (auth) await step((done) => connection.login({ credentials: auth }, done));
    await step((done) => connection.send(envelope, this.watched(message), done));
  }

  /** It is read when the server has asked for it, and not before. */
  private watched(message: Buffer): Readable {
    const read = (readable: Readable) => {
      this.handedOver = true;
      readable.push(message);
      readable.push(null);
    };
    return new Readable({
      read() {
        read(this);
      },
    });
  }

  private meaningOf({ code, command, responseCode }: SmtpError): Posted {
    const why = [responseCode && `SMTP ${responseCode}`, code, command && `at ${command}`];
    const words = why.filter(Boolean).join(' ') || 'No answer in time';
    if (this.handedOver && !responseCode) return { kind: 'unheard', why: words };
    const final = command === 'RCPT TO' && (responseCode ?? 0) >= 500;
    return { kind: 'refused', why: words, final };
  }
}

function step(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => begin((error) => (error ? reject(error) : resolve())));
}
