/** The text of one member of a JSON object, byte for byte: parsing and printing it again could change it. */

/** Undefined when there is no such member. The text has to be valid JSON. */
export function memberText(json: string, name: string): string | undefined {
  let at = skipSpace(json, json.indexOf('{') + 1);
  while (json[at] === '"') {
    const keyEnd = endOfString(json, at);
    const key = JSON.parse(json.slice(at, keyEnd)) as string;
    const start = skipSpace(json, json.indexOf(':', keyEnd) + 1);
    const end = endOfValue(json, start);
    if (key === name) return json.slice(start, end);
    at = skipSpace(json, end);
    if (json[at] === ',') at = skipSpace(json, at + 1);
  }
  return undefined;
}

function skipSpace(json: string, at: number): number {
  while (/\s/.test(json[at] ?? 'x')) at++;
  return at;
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfValue(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const sign = json[at]!;
    if (sign === '"') at = endOfString(json, at) - 1;
    else if (sign === '{' || sign === '[') depth++;
    else if (sign === '}' || sign === ']') {
      // What closes the object around it ends the value before it.
      if (depth === 0) return endOfText(json, start, at);
      depth--;
    } else if (sign === ',' && depth === 0) return endOfText(json, start, at);
  }
  return json.length;
}

function endOfText(json: string, start: number, end: number): number {
  return start + json.slice(start, end).trimEnd().length;
}
