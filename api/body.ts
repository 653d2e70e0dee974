/** Bodies: how large one may be, and what of it is searched for card numbers. */
import express, { type Request, type RequestHandler } from 'express';

const small = express.json({ limit: '100kb' });
/** Two megabytes of files are 2.8 in base64. */
const withFiles = express.json({ limit: '3mb' });

export const readJson: RequestHandler = (req, res, next) =>
  (takesFiles(req) ? withFiles : small)(req, res, next);

/** A file's bytes spell numbers by chance, and are no text that anybody reads; all else is searched. */
export function searchable(req: Request): unknown {
  const body: unknown = req.body;
  if (!takesFiles(req) || typeof body !== 'object' || body === null) return body;
  const { files, ...rest } = body as { files?: unknown };
  return { ...rest, files: Array.isArray(files) ? files.map(withoutBytes) : files };
}

function withoutBytes(file: unknown): unknown {
  if (typeof file !== 'object' || file === null) return file;
  const { data, ...rest } = file as { data?: unknown };
  return typeof data === 'string' ? rest : { ...rest, data };
}

/** Below /v1. */
function takesFiles({ method, path }: Request): boolean {
  return method === 'PUT' && /^\/disputes\/[^/]+\/evidence\/?$/.test(path);
}
