import { afterAll, beforeAll, expect, it } from 'vitest';

import { openMailbox } from '../../notices/mailbox.js';
import { letter } from '../notices/facts.js';
import { type House, openHouse } from './harness.js';

let plain: House;
let house: House;
const mailbox = openMailbox();
beforeAll(async () => {
  [plain, house] = await Promise.all([openHouse(), openHouse({ mailbox })]);
});
afterAll(() => Promise.all([plain.close(), house.close()]));

const get = async (path: string) => {
  const response = await fetch(house.url + path);
  const { status, headers } = response;
  return { status, html: await response.text(), policy: headers.get('content-security-policy')! };
};

it('the mailbox is not there without one: with a mail server, or with live keys', async () => {
  const { status, body } = await plain.call('GET', '/dev/mail', { key: null });
  expect([status, body.code]).toEqual([404, 'unknown_route']);
});

it('lists letters, and says so when there are none', async () => {
  expect((await get('/dev/mail')).html).toContain('No letter yet since this start');
  await mailbox.send(letter('payment_failed', { settings: { brand: '<b>Nest</b>' } }));
  const { status, html, policy } = await get('/dev/mail');
  expect(status).toBe(200);
  expect(html).toContain('&lt;b&gt;Nest&lt;/b&gt;: your payment of');
  expect(policy).toContain("default-src 'none'");
});

it('shows a letter in a frame in which nothing runs, and as plain text', async () => {
  const { messageId } = mailbox.list()[0]!;
  const at = `/dev/mail/${encodeURIComponent(messageId)}`;
  const page = await get(at);
  expect(page.html).toContain('<iframe sandbox="allow-popups allow-popups-to-escape-sandbox"');
  expect(page.html).toContain('Hello Ada Lovelace,');
  const framed = await get(`${at}/html`);
  expect(framed.policy).toMatch(/sandbox allow-popups/);
  expect(framed.policy).not.toContain('allow-scripts');
  expect(framed.html).toContain('<h1');
  expect((await get('/dev/mail/nothing')).status).toBe(404);
});

it('keeps the newest two hundred', async () => {
  for (let count = 0; count < 250; count++) await mailbox.send(letter('recovered'));
  expect(mailbox.list()).toHaveLength(200);
});
