import { useSyncExternalStore } from 'react';

/** The places of the console. The part behind the second slash names one thing in it, what stands behind the question mark narrows a list. */
export type Place = 'monitoring' | 'set-aside' | 'records' | 'certificate' | 'connections' | 'leaves' | 'settings';
export type Narrowing = Readonly<Record<string, string | undefined>>;
export type Route = { readonly place: Place; readonly id: string | null; readonly narrowing: Narrowing };

/** The digit of each is its shortcut: one that came later stands behind the others, wherever it stands in the rail. */
export const places: readonly Place[] = ['monitoring', 'set-aside', 'records', 'connections', 'leaves', 'settings', 'certificate'];

function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?');
  const [, place = '', id] = path.split('/');
  return {
    place: places.find((one) => one === place) ?? 'monitoring',
    id: id ? decodeURIComponent(id) : null,
    narrowing: Object.fromEntries(new URLSearchParams(query)),
  };
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

/** Where the page is at this moment, also before the screen has followed. */
export function routeNow(): Route {
  return parse(location.hash);
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return parse(hash);
}

export function hrefOf(place: Place, id?: string, narrowing: Narrowing = {}): string {
  const given = Object.entries(narrowing).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const query = new URLSearchParams(given).toString();
  return `#/${place}${id ? `/${encodeURIComponent(id)}` : ''}${query ? `?${query}` : ''}`;
}

/** How a record is called in the address. */
export function recordName({ ledgerId, externalId }: { readonly ledgerId: number; readonly externalId: string }): string {
  return `${ledgerId}:${externalId}`;
}

/** Narrow the list on the screen without a step in the history: what is typed letter by letter is one way, not ten. */
export function narrowTo(place: Place, id: string | undefined, narrowing: Narrowing): void {
  location.replace(hrefOf(place, id, narrowing));
}

export function goTo(place: Place, id?: string, narrowing: Narrowing = {}): void {
  location.hash = hrefOf(place, id, narrowing);
}
