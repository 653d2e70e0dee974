/** The sample speaks to Dunlin as any app does: over HTTP, with an API key. */
export type Api = ReturnType<typeof apiAt>;

export interface RenewalView {
  readonly id: string;
  readonly subscription: string;
  readonly status: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly period_start: string;
  readonly charges: readonly {
    readonly ordinal: number;
    readonly status: string;
    readonly decline: { readonly code: string } | null;
  }[];
  readonly next_step: { readonly kind: string; readonly at: string | null } | null;
  readonly workflow: { readonly url: string };
}

export function apiAt(url: string, key: string) {
  async function call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${url}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (response.ok) return answer as T;
    throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
  }
  return {
    createCustomer: (customer: object) => call<{ id: string }>('POST', 'customers', customer),
    addCard: (customer: string, token: string) =>
      call('POST', `customers/${customer}/payment-methods`, { gateway_account: 'stripe', token }),
    addWallet: (customer: string, token: string) =>
      call('POST', `customers/${customer}/payment-methods`, { gateway_account: 'paypal', token }),
    subscribe: (subscription: object) =>
      call<{ id: string }>('POST', 'subscriptions', subscription),
    newestRenewal: async (subscription: string): Promise<RenewalView | undefined> => {
      const page = await call<{ data: { id: string }[] }>(
        'GET',
        `renewals?limit=1&subscription=${subscription}`,
      );
      const newest = page.data[0];
      return newest && call<RenewalView>('GET', `renewals/${newest.id}`);
    },
  };
}
