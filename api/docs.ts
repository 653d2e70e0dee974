/** The documentation: Swagger UI from this machine, reading our own /openapi.json. No CDN. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Router, static as files } from 'express';
import helmet from 'helmet';

const assets = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

export function docs(): Router {
  const router = Router();
  router.use('/docs', helmet.contentSecurityPolicy({ useDefaults: false, directives: POLICY }));
  router.get('/docs', (_req, res) => void res.type('html').send(PAGE));
  router.get('/docs/initializer.js', (_req, res) => void res.type('js').send(INITIALIZER));
  router.use('/docs', files(assets, { index: false, maxAge: '1h' }));
  return router;
}

const POLICY = {
  'default-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Dunlin API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <link rel="icon" href="/docs/favicon-32x32.png" />
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/initializer.js"></script>
  </body>
</html>
`;

const INITIALIZER = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
});
`;
