/** Configuration: every setting of every process, in one schema. The only place that reads the environment. */
import { readFileSync } from 'node:fs';

import { z } from 'zod';

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const seconds = (fallback: number) => z.coerce.number().positive().default(fallback);
const loopback = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$)/;

const schema = z
  .object({
    /** Port of the HTTP API. */
    PORT: port(8080),
    /** The address the API listens on. */
    HOST: z.string().default('127.0.0.1'),
    /** Port of a worker's /healthz and /readyz; 0 leaves them out. */
    WORKER_HEALTH_PORT: port(0),
    STRIPE_EMULATOR_PORT: port(8081),
    PAYPAL_EMULATOR_PORT: port(8082),
    TEMPORAL_PORT: port(7233),
    TEMPORAL_UI_PORT: port(8233),
    POSTGRES_PORT: port(54_329),
    /** Where everything that `npm start` keeps is kept. */
    DUNLIN_HOME: z.string().min(1).default('.dunlin'),
    /** A PostgreSQL to use instead of the embedded one. */
    DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
    DATABASE_CONNECTIONS: z.coerce.number().int().min(2).default(20),
    /** A Temporal server to use instead of the embedded one. */
    TEMPORAL_ADDRESS: z.string().min(1).optional(),
    TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
    /** Where the Temporal UI is, for links. */
    TEMPORAL_UI_URL: z.url().optional(),
    /** The task queue of workflows and of activities that call no gateway. */
    TASK_QUEUE: z.string().min(1).default('dunlin'),
    /** Credentials of the sample's Stripe account; without them it speaks to the emulator. */
    STRIPE_SECRET_KEY: z.string().min(1).optional(),
    STRIPE_WEBHOOK_SECRET: z.string().min(1).optional(),
    /** Where the sample's Stripe account sends, so that a proxy may stand between. */
    STRIPE_API_BASE: z.url().optional(),
    /** The same for PayPal: "client id:client secret", and the webhook's id. */
    PAYPAL_CREDENTIALS: z
      .string()
      .regex(/^[^:\s]+:[^:\s]+$/, { error: 'must be "client id:client secret"' })
      .optional(),
    PAYPAL_WEBHOOK_ID: z.string().min(1).optional(),
    PAYPAL_API_BASE: z.url().optional(),
    /** Whether the credentials are of PayPal's sandbox or move real money; they do not say so themselves. */
    PAYPAL_MODE: z.enum(['sandbox', 'live']).default('sandbox'),
    /**
     * Where gateway accounts may refer to for their secrets: references separated by commas, or beginnings that end in
     * "/" or "_". {merchant} stands for the merchant's id: "file:/run/secrets/{merchant}/". Unset, an admin key may
     * refer to any.
     */
    SECRET_REFERENCES: z.string().transform(namesIn).optional(),
    /**
     * Where test accounts may send instead of to their vendor: origins separated by commas, with ":*" for any port, as
     * in "http://127.0.0.1:*". Unset: nowhere else.
     */
    GATEWAY_API_BASES: z
      .string()
      .default('')
      .transform(namesIn)
      .pipe(
        z.array(
          z.string().regex(/^https?:\/\/[^/:*]+(:(\d+|\*))?$/, {
            error: 'must be origins, such as http://127.0.0.1:* or https://mock.example:8443',
          }),
        ),
      ),
    /** How PayPal's webhooks are verified: from their certificate, or by asking PayPal. */
    PAYPAL_WEBHOOK_CHECK: z.enum(['certificate', 'api']).default('certificate'),
    /** The SDK's own switch that prints credentials: it must be off. */
    PAYPAL_DEBUG: z.undefined({ error: 'prints credentials and must not be set' }).optional(),
    /** Secret of an API key with every scope for the default merchant, made at the API's start. */
    DUNLIN_ADMIN_KEY: z
      .string()
      .regex(/^dk_(test|live)_\w{24,}$/)
      .optional(),
    /**
     * Signs what goes out: webhooks to apps, and links in letters to customers. Whoever has it can sign as Dunlin; all
     * processes share one. `npm start` makes one for itself.
     */
    SIGNING_KEY: z.string().min(32, { error: 'must have 32 characters or more' }).optional(),
    /** Whether webhook endpoints may be on this installation's own network; test ones also on this machine by http. */
    WEBHOOK_PRIVATE_TARGETS: z
      .enum(['on', 'off'])
      .default('off')
      .transform((setting) => setting === 'on'),
    /** Total time in which an app must take one event, in seconds. */
    WEBHOOK_TIMEOUT_SECONDS: z.coerce.number().positive().max(20).default(10),
    /** The mail server for notices to customers, with its password: "smtp://user:password@host:587". */
    SMTP_URL: z
      .url({ protocol: /^smtps?$/, error: 'must be smtp:// or smtps://' })
      .refine(hasReadableCredentials, { error: 'has a user or password that is badly encoded' })
      .optional(),
    /** Total time of one letter's exchange with it, in seconds. */
    SMTP_TIMEOUT_SECONDS: seconds(30),
    /** Where customers reach this API, for the links in their letters. */
    PUBLIC_URL: z
      .url({ protocol: /^https?$/ })
      .refine((url) => url.startsWith('https:') || loopback.test(url), {
        error: 'must be https, or http on this machine',
      })
      .optional(),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
    /** Total time of one HTTP exchange with a gateway, in seconds. */
    GATEWAY_DEADLINE_SECONDS: seconds(25),
    /** Time one attempt at a charge may take: more than two exchanges. */
    CHARGE_TIMEOUT_SECONDS: seconds(65),
    /** When an open charge is asked about: each rung once, the last one for ever. */
    ASK_LADDER_SECONDS: z
      .string()
      .default('60,600,3600,21600')
      .transform((text) => text.split(',').map(Number))
      .refine((rungs) => rungs.length > 0 && rungs.every((rung) => rung > 0), {
        error: 'must be positive seconds separated by commas, such as 60,600,3600',
      }),
    /** Failures in a row after which a gateway account gets no new charges, and how long until one is let through to see. */
    BREAKER_FAILURES: z.coerce.number().int().positive().default(5),
    BREAKER_PROBE_SECONDS: seconds(30),
    /** How long a customer may take on a payment page before the payment is withdrawn, in minutes. */
    PAGE_MINUTES: z.coerce.number().positive().default(30),
    /** Overdue periods of one subscription are billed one per this time, in seconds. */
    OVERDUE_EVERY_SECONDS: z.coerce.number().min(0).default(10),
    /** A stopping worker waits this long for charges under way; more than CHARGE_TIMEOUT_SECONDS. */
    SHUTDOWN_GRACE_SECONDS: seconds(70),
    /** How often each gateway account's books are compared with ours, in minutes; 0: only when somebody asks. */
    RECONCILE_EVERY_MINUTES: z.coerce.number().int().min(0).default(60),
    /** What moved so shortly before is left to the next comparison, in seconds: two clocks never agree. */
    RECONCILE_MARGIN_SECONDS: z.coerce.number().min(0).default(120),
    /** How many renewals a worker may charge at once on one lane. */
    LANE_CONCURRENCY: z.coerce.number().int().positive().default(40),
  })
  .check((context) => {
    const { value, issues } = context;
    const problem = (key: string, message: string) =>
      void issues.push({ code: 'custom', path: [key], message, input: value });
    if (value.CHARGE_TIMEOUT_SECONDS < 2 * value.GATEWAY_DEADLINE_SECONDS)
      problem('CHARGE_TIMEOUT_SECONDS', 'must be at least twice GATEWAY_DEADLINE_SECONDS');
    if (value.SHUTDOWN_GRACE_SECONDS < value.CHARGE_TIMEOUT_SECONDS)
      problem('SHUTDOWN_GRACE_SECONDS', 'must be at least CHARGE_TIMEOUT_SECONDS');
    const live = value.STRIPE_SECRET_KEY?.includes('_live_') ?? false;
    if (live && emulates(value.STRIPE_API_BASE))
      problem(
        'STRIPE_SECRET_KEY',
        'is a live key next to a loopback STRIPE_API_BASE: they never mix',
      );
    if (value.PAYPAL_MODE === 'live' && value.PAYPAL_API_BASE)
      problem('PAYPAL_API_BASE', 'is for test mode only: with PAYPAL_MODE=live they never mix');
    if (live && emulates(value.PAYPAL_API_BASE))
      problem('PAYPAL_API_BASE', 'is an emulator next to a live STRIPE_SECRET_KEY');
    if (value.PAYPAL_MODE === 'live' && emulates(value.STRIPE_API_BASE))
      problem('STRIPE_API_BASE', 'is an emulator next to PAYPAL_MODE=live');
  });

function namesIn(text: string): string[] {
  const all = text.split(',').map((one) => one.trim());
  return all.filter((one) => one !== '');
}

/** Where it is no URL at all, that was said before. */
function hasReadableCredentials(url: string): boolean {
  if (!URL.canParse(url)) return true;
  try {
    const { username, password } = new URL(url);
    return [username, password].map(decodeURIComponent).length === 2;
  } catch {
    return false;
  }
}

function emulates(base: string | undefined): boolean {
  return base !== undefined && loopback.test(base);
}

export type Config = z.infer<typeof schema>;

/** Names every bad or missing setting at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

interface Reading {
  /** The settings that this process cannot do without. */
  readonly required?: readonly (keyof Config)[];
  /** What holds where the environment is silent, ahead of the schema's own defaults. */
  readonly defaults?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Reads the settings, all of them checked. An empty variable counts as missing. */
export function readConfig({
  required = [],
  defaults = {},
  environment = process.env,
}: Reading = {}): Config {
  const set = Object.entries(environment).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  const given: Record<string, unknown> = { ...defaults, ...Object.fromEntries(set) };
  const parsed = schema.safeParse(given);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  for (const key of required) if (given[key] === undefined) problems.push(`${key}: is required`);
  if (problems.length > 0)
    throw new ConfigError(`The configuration is not usable:\n  ${problems.join('\n  ')}`);
  return parsed.data!;
}

/** Resolves a merchant's reference to a secret, anew each time, so that a rotation needs no restart. */
export type ReadSecret = (reference: string, merchantId: string) => string;

interface SecretRules {
  /** Answers for names that the environment leaves unset. */
  readonly fallbacks?: Readonly<Record<string, string>>;
  /** The references that are permitted, or their beginnings; any, without. */
  readonly allowed?: readonly string[] | undefined;
}

/** `env:NAME` or `file:/path`. */
export function secretReader({ fallbacks = {}, allowed }: SecretRules = {}): ReadSecret {
  return (reference, merchantId) => {
    const own = allowed?.map((one) => one.replaceAll('{merchant}', merchantId));
    const climbs = reference.split('/').includes('..');
    if (own && (climbs || !own.some((one) => isCovered(reference, one))))
      throw new Error(`The secret ${reference} is not among this merchant's SECRET_REFERENCES`);
    const colon = reference.indexOf(':');
    const [scheme, rest] = [reference.slice(0, colon), reference.slice(colon + 1)];
    if (scheme === 'file') return readFileSync(rest, 'utf8').trim();
    const value = scheme === 'env' ? (process.env[rest] ?? fallbacks[rest]) : undefined;
    if (value) return value;
    throw new Error(`The secret ${reference} is not set: credentials are env:NAME or file:/path`);
  };
}

function isCovered(reference: string, permitted: string): boolean {
  return /[/_]$/.test(permitted) ? reference.startsWith(permitted) : reference === permitted;
}
