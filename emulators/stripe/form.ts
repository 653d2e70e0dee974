/** Form encoding as Stripe's v1 API reads it: `metadata[k]=v`, `expand[0]=x`, `expand[]=x`. */
import { invalidRequest } from './errors.js';

export type FormValue = string | FormValue[] | Form;
export interface Form {
  [key: string]: FormValue;
}

export function parseForm(text: string): Form {
  const root = emptyForm();
  for (const [name, value] of new URLSearchParams(text)) place(root, segments(name), value);
  return listsIn(root) as Form;
}

/** Without a prototype, so that a parameter named `__proto__` is a name like any other. */
function emptyForm(): Form {
  return Object.create(null) as Form;
}

/** `a[b][c]` is a, b, c. */
function segments(name: string): string[] {
  const [head = '', ...rest] = name.split('[');
  if (rest.some((part) => !part.endsWith(']')) || rest.length > MAX_DEPTH)
    throw invalidRequest(`Invalid parameter name: ${name}`, 'parameter_unknown', name);
  return [head, ...rest.map((part) => part.slice(0, -1))];
}

function place(root: Form, path: readonly string[], value: string): void {
  let at = root;
  for (const segment of path.slice(0, -1)) {
    const next = at[segment];
    const inner = typeof next === 'object' && !Array.isArray(next) ? next : emptyForm();
    at[segment] = inner;
    at = inner;
  }
  const last = path.at(-1)!;
  at[last === '' ? String(Object.keys(at).length) : last] = value;
}

/** An object whose keys are 0, 1, 2, … was meant as a list. */
function listsIn(value: FormValue): FormValue {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, listsIn(inner)] as const);
  if (entries.length > 0 && entries.every(([key], index) => key === String(index)))
    return entries.map(([, inner]) => inner);
  return Object.assign(emptyForm(), Object.fromEntries(entries));
}

const MAX_DEPTH = 8;
