/** The mailbox of `npm start`: letters that no mail server was there for. It exists in development only. */
import { Router } from 'express';
import helmet from 'helmet';

import type { ApiDeps, Mail } from './deps.js';
import { Problem } from './problem.js';

export function devMail(mailbox: NonNullable<ApiDeps['mailbox']>): Router {
  const router = Router();
  const require = (id: string): Mail => {
    const mail = mailbox.find(id);
    if (!mail) throw new Problem(404, 'not_found', 'There is no such letter');
    return mail;
  };
  router.use('/dev/mail', helmet.contentSecurityPolicy({ useDefaults: false, directives: FRAME }));
  router.get('/dev/mail', (_req, res) => void res.type('html').send(listPage(mailbox.list())));
  router.get('/dev/mail/:id', (req, res) => {
    res.type('html').send(letterPage(require(req.params.id)));
  });
  router.get(
    '/dev/mail/:id/html',
    helmet.contentSecurityPolicy({ useDefaults: false, directives: LETTER }),
    (req, res) => void res.type('html').send(require(req.params.id).html),
  );
  return router;
}

const FRAME = {
  'default-src': ["'none'"],
  'style-src': ["'unsafe-inline'"],
  'frame-src': ["'self'"],
  'frame-ancestors': ["'none'"],
};

/** A letter may look as it likes and do nothing. Its links open beside the mailbox. */
const LETTER = {
  'default-src': ["'none'"],
  'style-src': ["'unsafe-inline'"],
  sandbox: ['allow-popups', 'allow-popups-to-escape-sandbox'],
  'frame-ancestors': ["'self'"],
};

function listPage(mails: readonly Mail[]): string {
  const rows = mails.map(
    ({ messageId, to, subject, date }) =>
      `<tr><td>${time(date)}</td><td>${escaped(to)}</td>` +
      `<td><a href="/dev/mail/${encodeURIComponent(messageId)}">${escaped(subject)}</a></td></tr>`,
  );
  const table =
    '<table><thead><tr><th>Sent</th><th>To</th><th>Subject</th></tr></thead>' +
    `<tbody>${rows.join('\n')}</tbody></table>`;
  const empty =
    '<p>No letter yet since this start: a renewal has to fail first, and the settings have to say who writes.</p>';
  return page('Mailbox', `<h1>Mailbox</h1>${rows.length > 0 ? table : empty}`);
}

function letterPage({ messageId, from, to, subject, text, date }: Mail): string {
  const facts = [
    ['From', `${from.name} <${from.address}>`],
    ['To', to],
    ['Sent', time(date)],
    ['Message-ID', messageId],
  ].map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value!)}</dd>`);
  const source = `/dev/mail/${encodeURIComponent(messageId)}/html`;
  return page(
    subject,
    `<p><a href="/dev/mail">← Mailbox</a></p><h1>${escaped(subject)}</h1><dl>${facts.join('')}</dl>` +
      `<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" title="The letter" src="${source}"></iframe>` +
      `<h2>As plain text</h2><pre>${escaped(text)}</pre>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>${escaped(title)}</title>
    <style>${STYLE}</style>
  </head>
  <body>${body}</body>
</html>
`;
}

const STYLE = `
body { max-width: 860px; margin: 32px auto; padding: 0 16px; font: 15px/1.5 system-ui, sans-serif; color: #1f2933; }
h1 { font-size: 22px; } h2 { font-size: 16px; margin-top: 28px; } a { color: #1d4ed8; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 8px 10px; border-bottom: 1px solid #dfe3e8; text-align: left; vertical-align: top; }
td:first-child { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; } dd { margin: 0; } dt { color: #52606d; }
iframe { width: 100%; height: 560px; border: 1px solid #dfe3e8; border-radius: 6px; }
pre { padding: 16px; background: #f3f4f6; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
`;

function time(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}
