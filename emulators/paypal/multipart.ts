/** Forms of several parts (RFC 7578), as far as evidence needs them. Files are read as text: only their names count. */
import { type Incoming, header } from '../common/exchange.js';

interface Form {
  /** The content of the part of that name. */
  readonly input: string | undefined;
  /** The names of the files in all other parts. */
  readonly files: readonly string[];
}

export function readForm(incoming: Incoming, name: string): Form {
  const parts = partsOf(incoming);
  const isInput = ({ head }: Part) => parameter(head, 'name') === name;
  const others = parts.filter((part) => !isInput(part));
  return {
    input: parts.find(isInput)?.content,
    files: others.flatMap(({ head }) => parameter(head, 'filename') ?? []),
  };
}

interface Part {
  readonly head: string;
  readonly content: string;
}

function partsOf(incoming: Incoming): Part[] {
  const [, quoted, plain] =
    /boundary=(?:"([^"]+)"|([^;\s]+))/.exec(header(incoming, 'content-type') ?? '') ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return [];
  return `\r\n${incoming.body}`.split(`\r\n--${boundary}`).flatMap((part) => {
    const end = part.indexOf('\r\n\r\n');
    return end < 0 ? [] : [{ head: part.slice(0, end), content: part.slice(end + 4) }];
  });
}

function parameter(head: string, name: string): string | undefined {
  return new RegExp(`[;\\s]${name}="([^"]*)"`, 'i').exec(head)?.[1];
}
