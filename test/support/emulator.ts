/** The emulators' control APIs, as tests use them. */
export interface JournalEntry {
  readonly kind: string;
  readonly id: string;
  readonly amount_minor: number;
  readonly currency: string;
  /** Stripe's way of naming the renewal. */
  readonly metadata?: Record<string, string>;
  /** PayPal's. */
  readonly invoice_id?: string | null;
  readonly custom_id?: string | null;
  readonly idempotency_key?: string | null;
}

export function renewalOf({ metadata, invoice_id: invoice }: JournalEntry): string | undefined {
  return metadata?.['dunlin_renewal'] ?? invoice?.replace(/-\d+$/, '');
}

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly idempotency_key: string | null;
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface Fault {
  readonly match: {
    readonly method?: string;
    readonly path: string;
    readonly body?: Record<string, string>;
  };
  readonly fault: string;
  readonly delay_ms?: number;
  readonly effect?: 'before' | 'after';
  readonly times?: number;
  readonly probability?: number;
  readonly retry_after?: number;
  readonly stored?: boolean;
}

export type Emulator = ReturnType<typeof emulatorAt>;

export function emulatorAt(url: string) {
  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${url}/_emulator/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
  return {
    url,
    call,
    /** Charges that moved money for a renewal. */
    async paid(renewalId: string): Promise<JournalEntry[]> {
      const { entries } = await call<{ entries: JournalEntry[] }>('GET', 'journal');
      return entries.filter((entry) => entry.kind === 'charge' && renewalOf(entry) === renewalId);
    },
    async journal(): Promise<JournalEntry[]> {
      return (await call<{ entries: JournalEntry[] }>('GET', 'journal')).entries;
    },
    async requests(): Promise<LoggedRequest[]> {
      return (await call<{ requests: LoggedRequest[] }>('GET', 'requests')).requests;
    },
    fault: (fault: Fault) => call('POST', 'faults', fault),
    /** Those that have not struck as often as they will. */
    async faults(): Promise<object[]> {
      return (await call<{ faults: object[] }>('GET', 'faults')).faults;
    },
    heal: () => call('DELETE', 'faults'),
    advance: (seconds: number) => call('POST', 'clock', { advance_seconds: seconds }),
    settle: (paymentIntent: string, outcome: 'succeeded' | 'declined') =>
      call('POST', 'settle', { payment_intent: paymentIntent, outcome }),
    setFate: (method: string, fate: string) =>
      call('PUT', `payment_methods/${method}/fate`, { fate }),
    sendWebhooksTo: (webhookUrl: string, secret: string) =>
      call('POST', 'webhook_endpoints', { url: webhookUrl, secret }),
    flush: () => call('POST', 'webhooks/flush', {}),
    webhooks: (mode: string) => call('POST', 'webhooks', { mode }),
  };
}
