export const TEMPORAL_CLI_VERSION: string;
export function findTemporalCli(): string | undefined;
export function fetchTemporalCli(): Promise<string>;
