import { create } from 'zustand';
import { persist } from 'zustand/middleware';

export type Preferences = {
  readonly language: 'en' | 'de';
  readonly theme: 'light' | 'dark' | 'auto';
  readonly density: 'compact' | 'comfortable';
};

/** How a person likes the console on this PC. Nothing of a hotel or a guest stands here. */
export const usePreferences = create<Preferences & { set(change: Partial<Preferences>): void }>()(
  persist(
    (set) => ({
      language: navigator.language.startsWith('de') ? 'de' : 'en',
      theme: 'auto',
      density: 'compact',
      set: (change) => set(change),
    }),
    { name: 'bellhop-preferences' },
  ),
);
