declare module 'pino-roll' {
  type Options = {
    readonly file: string;
    readonly extension?: string;
    readonly frequency?: 'daily' | 'hourly' | number;
    readonly mkdir?: boolean;
    readonly limit?: { readonly count: number; readonly removeOtherLogFiles?: boolean };
  };
  export default function buildRoll(
    options: Options,
  ): Promise<{ write(line: string): boolean; flushSync(): void; end(): void; on(event: 'error', listener: (error: Error) => void): void }>;
}
