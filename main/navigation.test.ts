import { expect, it } from 'vitest';
import { preventable, recordingApp, recordingContents } from './electron-double.ts';
import { guardNavigation } from './navigation.ts';

function guarded() {
  const opened: string[] = [];
  const { app, events: appEvents } = recordingApp();
  guardNavigation(app, (address) => opened.push(address));
  const page = recordingContents();
  appEvents.emit('web-contents-created', {}, page.contents);
  const isStopped = (name: string, details: object) => {
    const event = preventable(details);
    page.events.emit(name, event);
    return event.defaultPrevented;
  };
  return { page, opened, isStopped };
}

const elsewhere = [
  'https://docs.oracle.com/',
  'http://127.0.0.1:4870/',
  'file:///etc/passwd',
  'app://other/index.html',
  'app://bellhop/assets/index.js',
  'app://bellhop.example/index.html',
  'javascript:alert(1)',
  'data:text/html,<script>1</script>',
  'about:blank',
  '',
];

it.each(elsewhere)('stays on the console when a page wants to go to "%s"', (url) => {
  const { isStopped } = guarded();
  expect([
    isStopped('will-navigate', { url }),
    isStopped('will-frame-navigate', { url, isMainFrame: true }),
    isStopped('will-redirect', { url }),
  ]).toEqual([true, true, true]);
});

it('lets the console reload itself, and no frame inside it', () => {
  const { isStopped } = guarded();
  const url = 'app://bellhop/index.html#/connections';
  expect([
    isStopped('will-navigate', { url }),
    isStopped('will-frame-navigate', { url, isMainFrame: true }),
    isStopped('will-frame-navigate', { url, isMainFrame: false }),
    isStopped('will-redirect', { url }),
  ]).toEqual([false, false, true, true]);
});

it('never opens a window; what a page wanted to open is offered to the browser', () => {
  const { page, opened } = guarded();
  const answers = elsewhere.map((url) => page.tryOpen(url));
  expect([answers, opened]).toEqual([elsewhere.map(() => ({ action: 'deny' })), elsewhere]);
});

it('never attaches a webview', () => {
  expect(guarded().isStopped('will-attach-webview', {})).toBe(true);
});
