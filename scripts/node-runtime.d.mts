export function isFit(): boolean;
export function findNode24(): string | null;
export const agentArguments: string[];
export function agentEnvironment(): NodeJS.ProcessEnv;
