/** Which endpoint answers which request: a table of `METHOD /path/:id`. */
export interface Found<Endpoint> {
  readonly endpoint: Endpoint;
  /** As the table writes it: `POST /v1/customers/:id`. */
  readonly name: string;
  /** The `:names` of the path. */
  readonly ids: Record<string, string>;
}

/** The first match wins: `search` comes before `:id`. */
export function createRouting<Endpoint>(
  table: Readonly<Record<string, Endpoint>>,
): (method: string, path: string) => Found<Endpoint> | undefined {
  const routes = Object.entries(table).map(([name, endpoint]) => {
    const [method, path] = name.split(' ') as [string, string];
    return { name, method, segments: path.split('/'), endpoint };
  });
  return (method, path) => {
    const given = path.split('/');
    for (const { name, endpoint, ...route } of routes) {
      const ids = route.method === method ? match(route.segments, given) : undefined;
      if (ids) return { endpoint, name, ids };
    }
    return undefined;
  };
}

function match(pattern: string[], given: string[]): Record<string, string> | undefined {
  if (pattern.length !== given.length) return undefined;
  const ids: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    if (segment.startsWith(':')) ids[segment.slice(1)] = given[index]!;
    else if (segment !== given[index]) return undefined;
  }
  return ids;
}
