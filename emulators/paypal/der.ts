/** X.509 certificates in DER, which Node reads but does not write: just what a small chain of RSA keys needs. */
import { type KeyObject, createPublicKey, randomBytes, sign } from 'node:crypto';

interface CertificateRequest {
  readonly subject: string;
  readonly subjectKey: KeyObject;
  readonly issuer: string;
  readonly issuerKey: KeyObject;
  readonly isAuthority: boolean;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** As PEM. */
export function certificate(request: CertificateRequest): string {
  const { subject, subjectKey, issuer, issuerKey, isAuthority, notBefore, notAfter } = request;
  const publicKey = createPublicKey(subjectKey).export({ type: 'spki', format: 'der' });
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    SHA256_WITH_RSA,
    commonName(issuer),
    sequence(time(notBefore), time(notAfter)),
    commonName(subject),
    publicKey,
    tagged(3, sequence(...extensions(isAuthority, subject))),
  );
  const signature = sign('sha256', body, issuerKey);
  const whole = sequence(body, SHA256_WITH_RSA, bits(0, signature));
  const lines = whole.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extensions(isAuthority: boolean, subject: string): Buffer[] {
  const constraints = sequence(...(isAuthority ? [YES] : []));
  // Signing certificates, or signing anything else.
  const usage = isAuthority ? bits(1, Buffer.from([0x06])) : bits(7, Buffer.from([0x80]));
  const critical = [
    sequence(identifier('551d13'), YES, octets(constraints)),
    sequence(identifier('551d0f'), YES, octets(usage)),
  ];
  if (isAuthority) return critical;
  const names = sequence(element(0x82, Buffer.from(subject)));
  return [...critical, sequence(identifier('551d11'), octets(names))];
}

function commonName(name: string): Buffer {
  return sequence(element(0x31, sequence(identifier('550403'), element(0x0c, Buffer.from(name)))));
}

/** Two digits of the year until 2049, by the standard; all four from then on. */
function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]|\.\d+/g, '');
  return at.getUTCFullYear() < 2050
    ? element(0x17, Buffer.from(digits.slice(2)))
    : element(0x18, Buffer.from(digits));
}

function sequence(...parts: Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function tagged(number: number, content: Buffer): Buffer {
  return element(0xa0 | number, content);
}

function integer(bytes: Buffer): Buffer {
  return element(0x02, bytes);
}

function bits(unused: number, bytes: Buffer): Buffer {
  return element(0x03, Buffer.concat([Buffer.from([unused]), bytes]));
}

function octets(content: Buffer): Buffer {
  return element(0x04, content);
}

function identifier(hex: string): Buffer {
  return element(0x06, Buffer.from(hex, 'hex'));
}

function element(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = Buffer.from(length.toString(16).padStart(length < 0x100 ? 2 : 4, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, content]);
}

const YES = element(0x01, Buffer.from([0xff]));
const SHA256_WITH_RSA = sequence(identifier('2a864886f70d01010b'), element(0x05, Buffer.alloc(0)));
