export function openAddress(address: string, platform?: NodeJS.Platform): void;
