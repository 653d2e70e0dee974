/** What the payer sees at PayPal: a page with two links. Either takes him back to the merchant. */
import { type Answer, type Incoming, jsonAnswer } from '../common/exchange.js';
import type { Account } from './account.js';
import type { Emulator } from './emulator.js';
import { noSuch } from './errors.js';
import { approveOrder } from './orders.js';
import { approveSetupToken } from './setup-tokens.js';

export function answerPayer(emulator: Emulator, { path, query }: Incoming): Answer {
  const search = new URLSearchParams(query);
  const isOrder = path === '/checkoutnow';
  const name = isOrder ? 'token' : 'approval_session_id';
  const id = search.get(name) ?? '';
  const asked = (account: Account) =>
    isOrder ? account.orders.get(id) : account.setupTokens.get(id);
  const account = emulator.accounts().find((one) => asked(one) !== undefined);
  const found = account && asked(account);
  if (!found) throw noSuch(name);

  const answer = search.get('answer');
  if (answer === 'approve') {
    if (isOrder) approveOrder(account, id);
    else approveSetupToken(account, id);
    return back(found.return_url, name, id);
  }
  if (answer === 'cancel') return back(found.cancel_url, name, id);
  const link = (word: string, text: string) =>
    `<p><a href="${path}?${name}=${encodeURIComponent(id)}&amp;answer=${word}">${text}</a></p>`;
  return page(`${link('approve', 'Agree and continue')}${link('cancel', 'Cancel')}`);
}

function back(url: string | undefined, name: string, id: string): Answer {
  if (url === undefined) return page('<p>Thank you. You can close this page.</p>');
  const target = new URL(url);
  target.searchParams.set(name, id);
  return { status: 302, headers: { location: target.href }, body: '' };
}

function page(content: string): Answer {
  const html = `<!doctype html><html lang="en"><title>PayPal emulator</title><body>${content}</body></html>`;
  return { ...jsonAnswer(200, null, { 'content-type': 'text/html; charset=utf-8' }), body: html };
}
