import { create } from 'zustand';

/** Whether a person is in the middle of the first set-up: it goes on although the first step has made the hotel known. */
export const useSetUp = create<{ readonly isSettingUp: boolean; set(isSettingUp: boolean): void }>()((set) => ({
  isSettingUp: false,
  set: (isSettingUp) => set({ isSettingUp }),
}));
