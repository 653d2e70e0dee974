/**
 * A dunning policy: what is done about an unpaid renewal, when, and for which kind of decline.
 *
 * It is a versioned document; a case pins the version it began with. Durations are ISO 8601. One in days
 * ("P7D") means the first local morning of the customer's at least that long after; one in hours or less ("PT5S")
 * means exactly then.
 */
import type { DeclineClass } from './decline.js';
import type { FallbackPolicy } from './routing.js';

/** What a stage does to the service: leave it, restrict it, suspend it, or end it (and the case with it). */
export type ServiceEffect = 'keep' | 'restrict' | 'suspend' | 'end';

export interface Stage {
  readonly name: string;
  /** Time from the case's opening, outages not counted. */
  readonly after: string;
  readonly service: ServiceEffect;
  /** Whether the customer is told when it begins. */
  readonly notice: boolean;
  /** The retries that belong to this stage, as times from the case's opening. */
  readonly retries: readonly string[];
}

export type ClassRule =
  /** Retries at the policy's slots, none sooner than `earliest` after the decline, `cap` within `within`. */
  | {
      readonly retry: 'schedule';
      readonly earliest: string;
      readonly cap: number;
      readonly within: string;
    }
  /** Quick retries of its own, each after the last decline; when they are used up, the rule of `afterwards`. */
  | {
      readonly retry: 'ladder';
      readonly after: readonly string[];
      readonly afterwards: DeclineClass;
    }
  /** Only a new method, the customer or an operator can lead to another charge. */
  | { readonly retry: 'never' };

export interface DunningPolicy {
  readonly stages: readonly Stage[];
  readonly classes: Readonly<Record<DeclineClass, ClassRule>>;
  /** Card network limits, over rolling windows. */
  readonly caps: { readonly perCard24h: number; readonly perCardAmount30d: number };
  /** Local wall time of day-based steps: "09:00". */
  readonly morning: string;
  /** What happens to later periods while a case is open. */
  readonly laterPeriods: 'keep_billing' | 'hold';
  /** Whether another of the customer's payment methods is tried. Absent: never. */
  readonly fallback?: FallbackPolicy;
  /** What becomes of the subscription when the case ends unpaid. */
  readonly finally: 'keep_subscription' | 'cancel_subscription';
}

const CLASSES: DunningPolicy['classes'] = {
  insufficient_funds: { retry: 'schedule', earliest: 'PT24H', cap: 8, within: 'P21D' },
  issuer_soft: { retry: 'schedule', earliest: 'PT72H', cap: 4, within: 'P21D' },
  technical: {
    retry: 'ladder',
    after: ['PT1M', 'PT15M', 'PT1H', 'PT6H'],
    afterwards: 'issuer_soft',
  },
  authentication: { retry: 'never' },
  new_method: { retry: 'never' },
  hard_stop: { retry: 'never' },
  consent_revoked: { retry: 'never' },
  fraud: { retry: 'never' },
  duplicate_check: { retry: 'never' },
  merchant_config: { retry: 'never' },
  no_payment_method: { retry: 'never' },
};

export const DEFAULT_POLICY: DunningPolicy = {
  stages: [
    { name: 'warned', after: 'P0D', service: 'keep', notice: true, retries: ['P1D', 'P3D'] },
    { name: 'restricted', after: 'P7D', service: 'restrict', notice: true, retries: ['P7D'] },
    {
      name: 'suspended',
      after: 'P14D',
      service: 'suspend',
      notice: true,
      retries: ['P14D', 'P20D'],
    },
    { name: 'ended', after: 'P21D', service: 'end', notice: true, retries: [] },
  ],
  classes: CLASSES,
  caps: { perCard24h: 4, perCardAmount30d: 15 },
  morning: '09:00',
  laterPeriods: 'keep_billing',
  fallback: 'outage',
  finally: 'cancel_subscription',
};

/** A whole recovery in under a minute, for test mode: to watch, and to try an integration. */
export const QUICK_POLICY: DunningPolicy = {
  ...DEFAULT_POLICY,
  stages: [
    { name: 'warned', after: 'P0D', service: 'keep', notice: true, retries: ['PT5S', 'PT12S'] },
    { name: 'restricted', after: 'PT15S', service: 'restrict', notice: true, retries: ['PT20S'] },
    { name: 'suspended', after: 'PT25S', service: 'suspend', notice: true, retries: ['PT35S'] },
    { name: 'ended', after: 'PT45S', service: 'end', notice: true, retries: [] },
  ],
  classes: {
    ...CLASSES,
    insufficient_funds: { retry: 'schedule', earliest: 'PT1S', cap: 8, within: 'P21D' },
    issuer_soft: { retry: 'schedule', earliest: 'PT10S', cap: 4, within: 'P21D' },
    technical: { retry: 'ladder', after: ['PT2S', 'PT5S'], afterwards: 'issuer_soft' },
  },
  caps: { perCard24h: 1000, perCardAmount30d: 1000 },
};
