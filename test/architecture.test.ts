/** The rules of structure that no compiler checks. Each message names the cure. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import { expect, test } from 'vitest';

/** Who may import whom. `type:x` allows only `import type` from x. Prefixes of a path count. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: [],
  workflows: ['domain', 'type:activities'],
  gateways: ['domain'],
  outbound: ['domain'],
  prisma: ['domain'],
  activities: [
    'domain',
    'prisma',
    'type:gateways',
    'type:outbound',
    'temporal/launch',
    'temporal/owner',
    'type:workflows/messages',
  ],
  notices: ['domain', 'prisma'],
  temporal: ['domain', 'workflows', 'type:activities'],
  api: ['domain', 'gateways', 'prisma', 'temporal', 'type:outbound', 'type:workflows/messages'],
  emulators: [],
  embedded: ['scripts/temporal-cli'],
  sample: ['domain', 'prisma'],
};

/** Packages that only one folder may know. */
const OWNED_PACKAGES: Record<string, readonly string[]> = {
  stripe: ['gateways/stripe', 'emulators/stripe', 'test'],
  'paypal-rest-sdk': ['gateways/paypal'],
  '@prisma/client': ['prisma', 'prisma/generated'],
  '@prisma/adapter-pg': ['prisma'],
  express: ['api', 'test'],
  'ipaddr.js': ['outbound'],
  standardwebhooks: ['outbound', 'test'],
  nodemailer: ['notices'],
  eta: ['notices'],
};

interface Import {
  readonly file: string;
  readonly from: string;
  readonly typeOnly: boolean;
}

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => existsSync(file) && !file.startsWith('prisma/generated'));
const source = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
const product = files.filter((file) => !file.startsWith('test/') && !file.startsWith('bench/'));

test('folders import only what the table allows', () => {
  const broken = product.flatMap(importsOf).flatMap(({ file, from, typeOnly }) => {
    if (!from.startsWith('.')) return [];
    const target = normalize(join(dirname(file), from)).replace(/\.(m?js|ts)$/, '');
    const [folder, other] = [file.split('/')[0]!, target.split('/')[0]!];
    const allowed = MAY_IMPORT[folder];
    if (!allowed || folder === other) return [];
    const may = allowed.some((rule) =>
      rule.startsWith('type:') ? typeOnly && covers(rule.slice(5), target) : covers(rule, target),
    );
    return may
      ? []
      : [`${file} imports ${target}: ${folder}/ may import ${allowed.join(', ') || 'nothing'}`];
  });
  expect(broken).toEqual([]);
});

test('a vendor package is known to its own folder only', () => {
  const broken = files.flatMap(importsOf).flatMap(({ file, from, typeOnly }) => {
    const owners = OWNED_PACKAGES[packageOf(from)];
    if (!owners || owners.some((owner) => file.startsWith(owner))) return [];
    return typeOnly && file.startsWith('test/')
      ? []
      : [`${file} imports ${from}: go through ${owners[0]}/`];
  });
  expect(broken).toEqual([]);
});

test('emulators import types of the SDK, never its code', () => {
  const broken = product
    .flatMap(importsOf)
    .filter(
      ({ file, from, typeOnly }) => file.startsWith('emulators/') && from === 'stripe' && !typeOnly,
    );
  expect(broken).toEqual([]);
});

test('the environment is read in config.ts only', () => {
  const allowed = ['config.ts', 'prisma/migrate.ts', 'scripts/'];
  const broken = product.filter(
    (file) =>
      source.get(file)!.includes('process.env') && !allowed.some((one) => file.startsWith(one)),
  );
  expect(broken, 'take the setting from config.ts').toEqual([]);
});

test('the domain knows no clock, no randomness and no I/O', () => {
  const impure = /Date\.now|new Date\(\)|Math\.random|from 'node:/;
  const broken = product.filter(
    (file) => file.startsWith('domain/') && impure.test(source.get(file)!),
  );
  expect(broken, 'pass the time, the dice or the data in').toEqual([]);
});

test('files stay small', () => {
  const long = product.filter((file) => source.get(file)!.split('\n').length > 251);
  expect(long, 'split by noun').toEqual([]);
});

test('nothing is left to do without an issue number', () => {
  const marker = new RegExp(['TO', 'DO|FIX', 'ME'].join(''));
  const left = product.filter((file) => marker.test(source.get(file)!));
  expect(left).toEqual([]);
});

/** A deep import is one of the package all the same. */
function packageOf(from: string): string {
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
}

function covers(rule: string, target: string): boolean {
  return target === rule || target.startsWith(`${rule}/`);
}

function importsOf(file: string): Import[] {
  const pattern = /^(import|export) (type )?[^'";]*?from '([^']+)'/gm;
  return [...source.get(file)!.matchAll(pattern)].map(([statement, , type, from]) => ({
    file,
    from: from!,
    typeOnly: Boolean(type) || onlyTypesNamed(statement),
  }));
}

/** `import { type A, type B } from` brings in no code either. */
function onlyTypesNamed(statement: string): boolean {
  const named = /\{([^}]*)\}/.exec(statement)?.[1];
  if (named === undefined) return false;
  return named.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '));
}
