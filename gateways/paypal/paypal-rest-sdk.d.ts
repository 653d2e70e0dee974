/** The little we use of a package without types: its raw HTTP call, and the settings that call looks at. */
declare module 'paypal-rest-sdk/lib/client.js' {
  /** Present on an answer outside 2xx, or one that is no JSON object. */
  export interface InvokeError extends Error {
    readonly httpStatusCode?: number;
    readonly response?: unknown;
    /** Only when the body could not be read as JSON. */
    readonly error?: unknown;
  }

  export function invoke(
    method: string,
    path: string,
    data: string,
    options: {
      readonly schema: 'http' | 'https';
      readonly host: string;
      readonly port: number;
      readonly agent: false;
      readonly headers: Record<string, string>;
    },
    callback: (error: InvokeError | null, body: unknown) => void,
  ): void;
}

declare module 'paypal-rest-sdk/lib/configure.js' {
  export const default_options: { mode: string };
}
