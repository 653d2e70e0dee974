/** One exchange with Wren, within one deadline, and what came of it in three words. */
import { z } from 'zod';

import type { Account } from '../../../../gateways/gateway.js';

export type Said =
  | {
      kind: 'answered';
      status: number;
      body: unknown;
      /** Wren's own word for what went wrong. Without one, the answer may be that of something in between. */
      code: string | undefined;
      why: string;
      retryAfterMs: number;
    }
  /** `sent` is false when there was no connection, so that no byte left. Else it may have been executed. */
  | { kind: 'unanswered'; sent: boolean; serverError: boolean; why: string };

export async function callWren(
  { secret, apiBase = 'https://api.wren.example', deadlineMs }: Account,
  method: 'GET' | 'POST',
  path: string,
  key = '',
  body?: object,
): Promise<Said> {
  let status = 0;
  try {
    const response = await fetch(`${apiBase}${path}`, {
      method,
      headers: { authorization: `Bearer ${secret}`, ...(key && { 'idempotency-key': key }) },
      ...(body && { body: JSON.stringify(body) }),
      // Followed, a redirect would send the request a second time.
      redirect: 'manual',
      // Until the last byte of the answer, which is read inside this block.
      signal: AbortSignal.timeout(deadlineMs),
    });
    ({ status } = response);
    const said = JSON.parse(await response.text()) as unknown;
    const { code, message = '' } = refusal.safeParse(said).data ?? {};
    // At most an hour: a header from outside must not put a gateway to rest for days.
    const retryAfterMs = Math.min(Number(response.headers.get('retry-after')), 3600) * 1000;
    const why = `Wren answered ${status} ${code ?? 'in no form of its own'} ${message}`.trim();
    return { kind: 'answered', status, body: said, code, why, retryAfterMs };
  } catch (error) {
    const why = (error as { cause?: { code?: string } }).cause?.code ?? String(error);
    return { kind: 'unanswered', sent: !NO_BYTE_LEFT.has(why), serverError: status >= 500, why };
  }
}

const refusal = z.object({ code: z.string(), message: z.string() });

/** Nothing stands here that can also happen once there is a connection. */
const NO_BYTE_LEFT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
