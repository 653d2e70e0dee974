/** Pages: lists are read in slices, newest first, from the last id that was seen. */

export interface Page {
  readonly merchantId: string;
  /** The last id of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Ids sort by the time they were made. */
export function newestFirst({ merchantId, after, limit }: Page) {
  return {
    where: { merchantId, ...(after !== undefined && { id: { lt: after } }) },
    orderBy: { id: 'desc' },
    take: limit,
  } as const;
}
