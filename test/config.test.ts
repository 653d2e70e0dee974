import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { ConfigError, readConfig, secretReader } from '../config.js';

function problems(environment: Record<string, string>, required: 'DATABASE_URL'[] = []): string {
  try {
    readConfig({ required, environment });
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
}

describe('reading the configuration', () => {
  test('names every bad and every missing setting at once', () => {
    const message = problems({ PORT: 'eighty', LOG_LEVEL: 'loud', ASK_LADDER_SECONDS: '1,x' }, [
      'DATABASE_URL',
    ]);
    for (const key of ['PORT', 'LOG_LEVEL', 'ASK_LADDER_SECONDS', 'DATABASE_URL'])
      expect(message).toContain(`${key}:`);
  });

  test('never repeats a value: it might be a secret', () => {
    expect(problems({ DUNLIN_ADMIN_KEY: 'my-secret-value' })).not.toContain('my-secret-value');
    expect(problems({ DATABASE_URL: 'mysql://user:password@host' })).not.toContain('password');
  });

  test('a live key next to an emulator refuses to start', () => {
    const live = { STRIPE_SECRET_KEY: 'sk_live_x', STRIPE_API_BASE: 'http://127.0.0.1:8081' };
    expect(problems(live)).toContain('never mix');
    const restricted = { ...live, STRIPE_SECRET_KEY: 'rk_live_x' };
    expect(problems(restricted)).toContain('never mix');
    const elsewhere = { STRIPE_SECRET_KEY: 'sk_live_x', PAYPAL_API_BASE: 'http://localhost:8082' };
    expect(problems(elsewhere)).toContain('PAYPAL_API_BASE');
    const paypal = { PAYPAL_MODE: 'live', STRIPE_API_BASE: 'http://127.0.0.1:8081' };
    expect(problems(paypal)).toContain('STRIPE_API_BASE');
    const own = { PAYPAL_MODE: 'live', PAYPAL_API_BASE: 'http://127.0.0.1:8082' };
    expect(problems(own)).toContain('PAYPAL_API_BASE');
  });

  test("PayPal's credentials are two, and its SDK may not print them", () => {
    expect(problems({ PAYPAL_CREDENTIALS: 'only-a-client-id' })).toContain('PAYPAL_CREDENTIALS');
    expect(problems({ PAYPAL_DEBUG: '1' })).toContain('PAYPAL_DEBUG');
  });

  test('a charge must have time for two exchanges, and a stopping worker for a charge', () => {
    expect(problems({ GATEWAY_DEADLINE_SECONDS: '60' })).toContain('CHARGE_TIMEOUT_SECONDS');
    expect(problems({ SHUTDOWN_GRACE_SECONDS: '10' })).toContain('SHUTDOWN_GRACE_SECONDS');
  });

  test('an empty variable counts as missing, and defaults hold where the environment is silent', () => {
    const config = readConfig({ environment: { PORT: '' }, defaults: { ASK_LADDER_SECONDS: '5' } });
    expect(config.PORT).toBe(8080);
    expect(config.ASK_LADDER_SECONDS).toEqual([5]);
  });
});

describe('where test accounts may send', () => {
  test('is nowhere but to the vendor, unless origins are named', () => {
    expect(readConfig({ environment: {} }).GATEWAY_API_BASES).toEqual([]);
    const GATEWAY_API_BASES = 'http://127.0.0.1:*, https://mock.example:8443';
    expect(readConfig({ environment: { GATEWAY_API_BASES } }).GATEWAY_API_BASES).toEqual([
      'http://127.0.0.1:*',
      'https://mock.example:8443',
    ]);
  });

  test.each(['mock.example', 'https://*', 'https://mock.example/path', 'ftp://mock.example'])(
    'cannot be %s',
    (value) => expect(problems({ GATEWAY_API_BASES: value })).toContain('GATEWAY_API_BASES'),
  );
});

describe('writing to customers', () => {
  test.each([
    ['SMTP_URL', 'https://mail.example.com'],
    ['SMTP_URL', 'smtp://user:hidden%ZZ@mail.example.com'],
    ['PUBLIC_URL', 'http://pay.example.com'],
    ['PUBLIC_URL', 'pay.example.com'],
  ])('%s cannot be %s', (key, value) => {
    expect(problems({ [key]: value })).toContain(`${key}: `);
    expect(problems({ [key]: value })).not.toContain('hidden');
  });

  test('the mail server may have a password, and customers come over https', () => {
    const environment = {
      SMTP_URL: 'smtps://user%40example.com:p%2Fw@mail.example.com',
      PUBLIC_URL: 'https://pay.example.com',
    };
    expect(readConfig({ environment })).toMatchObject(environment);
  });
});

describe('reading secrets', () => {
  test('a file is read anew each time, so that a rotation needs no restart', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'dunlin-secret-')), 'key');
    const read = secretReader();
    writeFileSync(file, 'old\n');
    expect(read(`file:${file}`, 'mer_1')).toBe('old');
    writeFileSync(file, 'new\n');
    expect(read(`file:${file}`, 'mer_1')).toBe('new');
  });

  test('a missing one is named, and nothing but a reference is accepted', () => {
    expect(() => secretReader()('env:NOT_SET_ANYWHERE', 'mer_1')).toThrow('env:NOT_SET_ANYWHERE');
    expect(() => secretReader()('plain text', 'mer_1')).toThrow(
      'credentials are env:NAME or file:/path',
    );
  });

  test('a merchant refers to its own only, where the operator says which those are', () => {
    const folder = mkdtempSync(join(tmpdir(), 'dunlin-secrets-'));
    mkdirSync(join(folder, 'mer_1'));
    writeFileSync(join(folder, 'mer_1', 'stripe'), 'sk_test_1');
    writeFileSync(join(folder, 'root'), 'not yours');
    const read = secretReader({ allowed: [`file:${folder}/{merchant}/`, 'env:SHARED_'] });
    expect(read(`file:${folder}/mer_1/stripe`, 'mer_1')).toBe('sk_test_1');
    for (const foreign of [
      `file:${folder}/mer_1/stripe`,
      `file:${folder}/mer_2/../mer_1/stripe`,
      `file:${folder}/root`,
      'env:HOME',
    ])
      expect(() => read(foreign, 'mer_2')).toThrow('SECRET_REFERENCES');
  });
});
