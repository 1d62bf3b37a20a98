import { useSyncExternalStore } from 'react';

/** The places of the console. The part behind the second slash names one thing in it. */
export type Place = 'monitoring' | 'connections' | 'settings';
export type Route = { readonly place: Place; readonly id: string | null };

const places: readonly Place[] = ['monitoring', 'connections', 'settings'];

function parse(hash: string): Route {
  const [, place = '', id] = hash.replace(/^#/, '').split('/');
  return { place: places.find((one) => one === place) ?? 'monitoring', id: id ? decodeURIComponent(id) : null };
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

export function hrefOf(place: Place, id?: string): string {
  return `#/${place}${id ? `/${encodeURIComponent(id)}` : ''}`;
}

export function goTo(place: Place, id?: string): void {
  location.hash = hrefOf(place, id);
}
